// Offline verification of what the vendor signs: compact JWS (RFC 7515) with Ed25519,
// "alg":"EdDSA" (RFC 8037). Keys are PEM SubjectPublicKeyInfo; a file may hold several,
// because keys are rotated and old receipts must stay verifiable.
#pragma once

#include "agent/cli/outcome.hpp"

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace qcloud::cli {

/// The payload of `jws` if one of the keys in `pem` signed it and its header says
/// EdDSA and `type`. A header with "crit" is refused: we understand no extension.
Result<boost::json::object> verify_jws(std::string_view jws, std::string_view pem, std::string_view type);

/// Base64url without padding (RFC 4648, 5); strict: one spelling per value.
Result<std::string> base64url_decode(std::string_view text);

/// Lower-case hex of SHA-256.
std::string sha256_hex(std::string_view data);

}  // namespace qcloud::cli
