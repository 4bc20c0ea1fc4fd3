// What the tests need of OpenSSL, made without the code under test.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace unit {

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_REQ* p) const { X509_REQ_free(p); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Cert = std::unique_ptr<X509, Free>;
using Csr = std::unique_ptr<X509_REQ, Free>;

Key p256();
Key ed25519();
std::string public_pem(EVP_PKEY* key);
// A certificate for `key`, signed by `issuer`; the times are seconds since 1970.
Cert certificate(EVP_PKEY* key, EVP_PKEY* issuer, const std::string& cn, long long from, long long until);
// Certs-only PKCS#7, DER.
std::string pkcs7(const std::vector<X509*>& certificates);
std::string b64(const std::string& bytes);
std::string b64url(std::string bytes_in_base64);  // base64 -> base64url
std::string unb64url(std::string text);
std::string digest_hex(const std::string& bytes);
// RFC 7638 of a P-256 key, by the public coordinates.
std::string jwk_thumbprint(EVP_PKEY* key);
bool verifies_es256(EVP_PKEY* key, const std::string& jws);
// Compact JWS with an Ed25519 key, whatever the header claims.
std::string sign_eddsa(EVP_PKEY* key, const std::string& header, const std::string& payload);
Csr parse_csr(const std::string& der_base64);

}  // namespace unit
