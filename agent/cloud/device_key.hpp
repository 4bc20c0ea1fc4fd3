// The device key: P-256, made on the box and never sent (promise R1).
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "agent/core/result.hpp"
#include "agent/core/secret.hpp"

namespace qcloud {

struct OpenSslFree {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
};
using Certificate = std::unique_ptr<X509, OpenSslFree>;

class DeviceKey {
 public:
  static Result<DeviceKey> generate();
  static Result<DeviceKey> from_pem(const Secret& pem);

  Secret pem() const;              // PKCS#8, not encrypted: the state file is 0600
  std::string thumbprint() const;  // RFC 7638, base64url of SHA-256
  std::string request() const;     // PKCS#10 (RFC 2986), DER in unwrapped base64
  std::string sign(std::string_view header, std::string_view payload) const;  // compact JWS, ES256
  bool matches(const X509* certificate) const;
  EVP_PKEY* get() const { return key_.get(); }

 private:
  explicit DeviceKey(EVP_PKEY* key) : key_(key) {}
  std::unique_ptr<EVP_PKEY, OpenSslFree> key_;
};

Certificate certificate_from_pem(const std::string& pem);
std::string to_pem(const X509* certificate);
std::string common_name(const X509* certificate);
// Seconds since 1970.
struct Validity {
  long long from = 0, until = 0;
};
Validity validity(const X509* certificate);

}  // namespace qcloud
