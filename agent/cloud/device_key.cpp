#include "agent/cloud/device_key.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include <ctime>

#include "agent/cloud/encoding.hpp"

namespace qcloud {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string drain(BIO* bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string coordinate(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  std::string bytes(32, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), 32);
  BN_free(number);
  return base64url(bytes);
}

Error broken(const char* what) { return {"identity.key", Retry::give_up, what, ""}; }

}  // namespace

Result<DeviceKey> DeviceKey::generate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  if (!key) return broken("No key could be made on this box.");
  return DeviceKey(key);
}

Result<DeviceKey> DeviceKey::from_pem(const Secret& pem) {
  auto text = pem.reveal();
  Bio in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr);
  if (!key) return broken("The stored key cannot be read.");
  return DeviceKey(key);
}

Secret DeviceKey::pem() const {
  Bio out(BIO_new(BIO_s_secmem()), BIO_free);
  PEM_write_bio_PKCS8PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return Secret(drain(out.get()));
}

std::string DeviceKey::thumbprint() const {
  return base64url(sha256(R"({"crv":"P-256","kty":"EC","x":")" +
                          coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X) + R"(","y":")" +
                          coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y) + R"("})"));
}

std::string DeviceKey::request() const {
  // The cloud decides the subject; an empty one says nothing about the box.
  std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(X509_REQ_new(), X509_REQ_free);
  X509_REQ_set_version(request.get(), 0);
  X509_REQ_set_pubkey(request.get(), key_.get());
  X509_REQ_sign(request.get(), key_.get(), EVP_sha256());
  unsigned char* der = nullptr;
  int size = i2d_X509_REQ(request.get(), &der);
  std::string text = base64(std::string_view(reinterpret_cast<char*>(der), static_cast<size_t>(size)));
  OPENSSL_free(der);
  return text;
}

std::string DeviceKey::sign(std::string_view header, std::string_view payload) const {
  std::string input = base64url(header) + "." + base64url(payload);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  size_t size = 0;
  auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
  EVP_DigestSign(context.get(), nullptr, &size, bytes, input.size());
  std::string der(size, '\0');
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &size, bytes, input.size());
  // RFC 7518 section 3.4: r and s side by side, 32 bytes each.
  auto* at = reinterpret_cast<const unsigned char*>(der.data());
  std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), ECDSA_SIG_free);
  std::string raw(64, '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), reinterpret_cast<unsigned char*>(raw.data()), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), reinterpret_cast<unsigned char*>(raw.data()) + 32, 32);
  return input + "." + base64url(raw);
}

bool DeviceKey::matches(const X509* certificate) const {
  return EVP_PKEY_eq(X509_get0_pubkey(certificate), key_.get()) == 1;
}

Certificate certificate_from_pem(const std::string& pem) {
  Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  return Certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

std::string to_pem(const X509* certificate) {
  Bio out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(out.get(), certificate);
  return drain(out.get());
}

std::string common_name(const X509* certificate) {
  char name[128] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return name;
}

Validity validity(const X509* certificate) {
  auto to_unix = [](const ASN1_TIME* time) -> long long {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) ? timegm(&parts) : 0;
  };
  return {to_unix(X509_get0_notBefore(certificate)), to_unix(X509_get0_notAfter(certificate))};
}

}  // namespace qcloud
