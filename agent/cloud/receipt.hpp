// An erasure receipt, verified offline with nothing but the vendor's public key (promise A5). Pure;
// fuzzed. What it proves is what the cloud signed, no more: docs/threat-model.md.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "agent/core/clock.hpp"
#include "agent/core/result.hpp"

namespace qcloud {

struct ReceiptExpectation {
  std::string thumbprint;  // whose order it answers
  std::string order_id;
  std::string request;  // the compact JWS that was sent
  std::string scope;
  WallTime submitted;
};

// The payload of a compact JWS signed with Ed25519 by `public_key_pem`.
// Errors: receipt.malformed, receipt.bad_signature.
Result<boost::json::object> open_receipt(const std::string& jws, const std::string& public_key_pem);

// The same, held against the order and against the promises: backups end within 180 days, retained
// kinds are on the closed list with an end. Errors: receipt.* (what does not hold, in words).
Result<boost::json::object> verify_receipt(const std::string& jws, const std::string& public_key_pem,
                                           const ReceiptExpectation& expected);

}  // namespace qcloud
