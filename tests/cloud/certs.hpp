// The certificate authority: device certificates of 7 days, the server's own, the revocation list, and
// what EST (RFC 7030) wraps them in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cloud/clock.hpp"
#include "tests/cloud/crypto.hpp"
#include "tests/cloud/rng.hpp"

namespace refcloud {

/// The cloud's private keys. The public halves are what a NAS is shipped with.
struct Keys {
  Pkey ca_key;  ///< P-256
  Certificate ca;
  Pkey receipt_key;         ///< Ed25519
  std::string receipt_kid;  ///< its thumbprint

  /// Fresh keys; the CA's certificate is valid from a year before `now` for 30 years, so that a test may turn
  /// clocks back.
  static Keys generate(Seconds now, Rng& rng);
  static Keys from_pem(std::string_view ca_key, std::string_view ca_certificate,
                       std::string_view receipt_key);

  std::string ca_pem() const;
  std::string receipt_public_pem() const;
};

struct IssuedCertificate {
  std::string der;
  std::string serial;  ///< lower-case hex
  Seconds not_before;
  Seconds not_after;
};

/// A PKCS#10 request that is complete, signed by its own key, and asks for a P-256 key; else nothing.
/// Returns the key's point. The subject that it asks for is ignored.
std::optional<std::string> csr_point(std::string_view der);

/// CN = device id, SAN = urn:uuid:<device id>, clientAuth, an hour of slack before `now`.
IssuedCertificate issue_device_certificate(const Keys&, Rng&, std::string_view point,
                                           std::string_view device_id, Seconds now, Seconds lifetime);

/// A server certificate in PEM; `names` are host names and IP addresses.
std::string issue_server_certificate(const Keys&, Rng&, EVP_PKEY* key, const std::vector<std::string>& names,
                                     Seconds now);

/// What a presented client certificate says, if this CA signed it. Neither time nor revocation is checked.
struct PresentedCertificate {
  std::string jkt;
  Seconds not_after;
};
std::optional<PresentedCertificate> read_client_certificate(const Keys&, std::string_view der);

/// PKCS#7 certs-only (RFC 5652 section 5, no signer), DER; the CA's certificate comes last.
std::string certs_only(const Keys&, std::optional<std::string_view> certificate_der);

struct Revoked {
  std::string serial;  ///< hex
  Seconds at;
};
/// The revocation list in DER, valid for a week.
std::string crl_der(const Keys&, const std::vector<Revoked>&, Seconds now);
std::string crl_pem(std::string_view der);

}  // namespace refcloud
