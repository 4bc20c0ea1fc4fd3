#include "tests/identity/openssl.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include <algorithm>

namespace unit {
namespace {

std::string drain(BIO* bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  std::string text(data, size_t(size));
  BIO_free(bio);
  return text;
}
std::string raw(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  std::string bytes(32, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), 32);
  BN_free(number);
  return bytes;
}
std::string digest(const std::string& bytes) {
  std::string out(32, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, EVP_sha256(),
             nullptr);
  return out;
}

}  // namespace

Key p256() { return Key(EVP_EC_gen("P-256")); }
Key ed25519() { return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

std::string public_pem(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, key);
  return drain(bio);
}

Cert certificate(EVP_PKEY* key, EVP_PKEY* issuer, const std::string& cn, long long from, long long until) {
  static long serial = 1;
  Cert made(X509_new());
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), from);
  ASN1_TIME_set(X509_getm_notAfter(made.get()), until);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(cn.c_str()), -1, -1, 0);
  X509_NAME_add_entry_by_txt(X509_get_issuer_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>("vendor"), -1, -1, 0);
  X509_set_pubkey(made.get(), key);
  X509_sign(made.get(), issuer, EVP_sha256());
  return made;
}

std::string pkcs7(const std::vector<X509*>& certificates) {
  PKCS7* p7 = PKCS7_new();
  PKCS7_set_type(p7, NID_pkcs7_signed);
  PKCS7_content_new(p7, NID_pkcs7_data);
  PKCS7_set_detached(p7, 1);
  for (auto* each : certificates) PKCS7_add_certificate(p7, each);
  unsigned char* der = nullptr;
  int size = i2d_PKCS7(p7, &der);
  std::string bytes(reinterpret_cast<char*>(der), size_t(size));
  OPENSSL_free(der);
  PKCS7_free(p7);
  return bytes;
}

std::string b64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(bytes.data()), int(bytes.size()));
  out.resize(size_t(size));
  return out;
}
std::string b64url(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}
std::string unb64url(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  size_t missing = (4 - text.size() % 4) % 4;
  text.append(missing, '=');
  std::string out(text.size(), '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(text.data()), int(text.size()));
  out.resize(size < 0 ? 0 : size_t(size) - missing);
  return out;
}
std::string digest_hex(const std::string& bytes) {
  std::string out;
  for (unsigned char c : digest(bytes)) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

std::string jwk_thumbprint(EVP_PKEY* key) {
  auto x = b64url(b64(raw(key, OSSL_PKEY_PARAM_EC_PUB_X))),
       y = b64url(b64(raw(key, OSSL_PKEY_PARAM_EC_PUB_Y)));
  return b64url(b64(digest("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" + x + "\",\"y\":\"" + y + "\"}")));
}

bool verifies_es256(EVP_PKEY* key, const std::string& jws) {
  auto dot = jws.rfind('.');
  auto signature = unb64url(jws.substr(dot + 1));
  if (signature.size() != 64) return false;
  auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
  ECDSA_SIG* pair = ECDSA_SIG_new();
  ECDSA_SIG_set0(pair, BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
  unsigned char* der = nullptr;
  int size = i2d_ECDSA_SIG(pair, &der);
  ECDSA_SIG_free(pair);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key);
  int good =
      EVP_DigestVerify(context, der, size_t(size), reinterpret_cast<const unsigned char*>(jws.data()), dot);
  EVP_MD_CTX_free(context);
  OPENSSL_free(der);
  return good == 1;
}

std::string sign_eddsa(EVP_PKEY* key, const std::string& header, const std::string& payload) {
  auto input = b64url(b64(header)) + "." + b64url(b64(payload));
  std::string signature(64, '\0');
  size_t size = 64;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key);
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(input.data()), input.size());
  EVP_MD_CTX_free(context);
  return input + "." + b64url(b64(signature));
}

Csr parse_csr(const std::string& der_base64) {
  std::string text = der_base64;
  while (!text.empty() && text.back() == '=') text.pop_back();
  auto der = unb64url(text);
  auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return Csr(d2i_X509_REQ(nullptr, &at, long(der.size())));
}

}  // namespace unit
