// Erasure with proof (promises A5, R3, K1).
//
// An order is a JWS by the device's key, so that it is good without a certificate: expired, revoked, or gone.
// It is executed once; its answer is a receipt, a JWS by the vendor's Ed25519 key that says what was deleted,
// when backups end, and what is kept, why and until when. The same order again gets the same receipt.
#pragma once

#include "tests/cloud/records.hpp"

namespace refcloud {

struct Erasure {
  std::string device_id;
  std::string jkt;  ///< the receipt's subject
  std::string id;   ///< subject_request_id, or a new one for a removal on the account's page
  Scope scope = Scope::registration;          ///< registration = everything
  std::optional<std::string> request_sha256;  ///< hex, of the order's JWS
  Seconds submitted = 0;
};

/// Deletes and returns the signed receipt. With `or_later`, DNS may follow later; without, 503
/// dns-unavailable and nothing is deleted.
std::string erase(State&, const Erasure&, bool or_later);

/// Deletes a device by the will of its account or of the operator. Nothing if there is no such device.
std::optional<std::string> remove_device(State&, const std::string& device_id);

/// Executes the orders that DNS kept waiting.
void retry_erasures(State&);

}  // namespace refcloud
