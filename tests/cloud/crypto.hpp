// The few cryptographic operations that the cloud needs, on top of OpenSSL 3.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace refcloud {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Pkey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

/// OpenSSL refused something that only fails when memory or the program is broken.
struct CryptoError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// `object` itself, or CryptoError(what) if it is null.
template <class T>
T* must(T* object, const char* what) {
  if (!object) throw CryptoError(what);
  return object;
}
inline void must(bool ok, const char* what) {
  if (!ok) throw CryptoError(what);
}

Pkey generate_p256();
Pkey generate_ed25519();

/// The uncompressed point (65 bytes) of a P-256 public key; nothing for any other key.
std::optional<std::string> p256_point(EVP_PKEY*);
/// The public key with that point; null if it is not on the curve.
Pkey p256_from_point(std::string_view point);
/// RFC 7638 thumbprint of a P-256 point, base64url.
std::string jwk_thumbprint(std::string_view point);
/// RFC 7638 thumbprint of an Ed25519 key (RFC 8037), base64url.
std::string ed25519_thumbprint(EVP_PKEY*);

/// ES256 (RFC 7518 section 3.4): `signature` is R and S, 64 bytes.
bool verify_es256(std::string_view point, std::string_view signed_text, std::string_view signature);
std::string sign_es256(EVP_PKEY*, std::string_view text);
std::string sign_ed25519(EVP_PKEY*, std::string_view text);

std::string private_pem(EVP_PKEY*);
std::string public_pem(EVP_PKEY*);
Pkey read_private_pem(std::string_view);  ///< null if it is none

/// "scrypt$LOG2_N$salt$hash"; costs 128 * 8 * 2^log2_n bytes of memory.
std::string hash_password(std::string_view password, std::string_view salt, int log2_n);
bool verify_password(std::string_view password, std::string_view stored);

}  // namespace refcloud
