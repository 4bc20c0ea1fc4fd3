// Who a request comes from: the key of its client certificate, looked up in the store.
//
// A certificate is only the envelope. What counts is its key's thumbprint (RFC 7638): known, not revoked,
// not superseded. So a NAS that was off for months comes back with an expired certificate and renews it.
#pragma once

#include "tests/cloud/state.hpp"

namespace refcloud {

/// Throws Problem: 401 certificate-required, -revoked, -expired, key-superseded; 410 device-removed with the
/// receipt.
Device authenticate(State&, const Request&, bool expired_ok);

/// The device of a thumbprint, by the same rules but without a certificate's dates.
Device device_by_key(State&, const std::string& jkt);

/// 410 "device-removed" with the receipt, if a device with this key is gone; else nothing.
std::optional<Problem> removed_problem(State&, const std::string& jkt);

}  // namespace refcloud
