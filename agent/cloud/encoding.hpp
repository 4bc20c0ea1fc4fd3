// base64 and base64url (RFC 4648), SHA-256: the alphabet of JOSE.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace qcloud {

std::string base64url(std::string_view bytes);                     // no padding
std::optional<std::string> from_base64url(std::string_view text);  // no padding, no line breaks
std::string base64(std::string_view bytes);                        // padded, unwrapped
std::optional<std::string> from_base64(std::string_view text);     // white space is ignored (RFC 8951)
std::string sha256(std::string_view bytes);                        // 32 bytes
std::string hex(std::string_view bytes);

}  // namespace qcloud
