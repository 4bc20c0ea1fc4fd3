// The device key and certificate as TLS needs them. Made by agent/cloud, used by agent/net; no
// feature ever holds one.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace qcloud {

class TlsIdentity {
 public:
  // Shares ownership of both (their own reference counts).
  TlsIdentity(EVP_PKEY* key, X509* certificate) : key_(key), certificate_(certificate) {
    EVP_PKEY_up_ref(key);
    X509_up_ref(certificate);
  }
  ~TlsIdentity() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  TlsIdentity(const TlsIdentity&) = delete;

  EVP_PKEY* key() const { return key_; }
  X509* certificate() const { return certificate_; }

 private:
  EVP_PKEY* key_;
  X509* certificate_;
};

}  // namespace qcloud
