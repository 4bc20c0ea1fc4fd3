#include "tests/cloud/crypto.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <array>
#include <charconv>

#include "tests/cloud/encoding.hpp"

namespace refcloud {
namespace {

using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using PkeyCtx = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using DigestCtx = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using EcdsaSig = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;

const unsigned char* data_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* data_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string pem(EVP_PKEY* key, bool secret) {
  const Bio bio(must(BIO_new(BIO_s_mem()), "memory"));
  must((secret ? PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr)
               : PEM_write_bio_PUBKEY(bio.get(), key)) == 1,
       "writing a key");
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string sign(EVP_PKEY* key, const EVP_MD* digest, std::string_view text) {
  const DigestCtx context(must(EVP_MD_CTX_new(), "memory"));
  must(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key) == 1, "signing");
  std::size_t size = 0;
  must(EVP_DigestSign(context.get(), nullptr, &size, data_of(text), text.size()) == 1, "signing");
  std::string out(size, '\0');
  must(EVP_DigestSign(context.get(), data_of(out), &size, data_of(text), text.size()) == 1, "signing");
  out.resize(size);
  return out;
}

std::string scrypt(std::string_view password, std::string_view salt, int log2_n) {
  std::string out(32, '\0');
  const std::uint64_t n = 1ull << log2_n;
  must(EVP_PBE_scrypt(password.data(), password.size(), data_of(salt), salt.size(), n, 8, 1,
                      n * 2 * 128 * 8 + (1 << 20), data_of(out), out.size()) == 1,
       "scrypt");
  return out;
}

}  // namespace

Pkey generate_p256() { return Pkey(must(EVP_EC_gen("P-256"), "generating a P-256 key")); }
Pkey generate_ed25519() {
  return Pkey(must(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), "generating an Ed25519 key"));
}

std::optional<std::string> p256_point(EVP_PKEY* key) {
  std::array<char, 64> group{};
  if (!EVP_PKEY_is_a(key, "EC") ||
      EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), nullptr) !=
          1 ||
      std::string_view(group.data()) != "prime256v1")
    return std::nullopt;
  BIGNUM* x = nullptr;
  BIGNUM* y = nullptr;
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x);
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y);
  std::string point(65, '\4');
  const bool ok = x && y && BN_bn2binpad(x, data_of(point) + 1, 32) == 32 &&
                  BN_bn2binpad(y, data_of(point) + 33, 32) == 32;
  BN_free(x);
  BN_free(y);
  return ok ? std::optional(point) : std::nullopt;
}

Pkey p256_from_point(std::string_view point) {
  char group[] = "P-256";
  std::string copy(point);
  const std::array<OSSL_PARAM, 3> params{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy.data(), copy.size()),
      OSSL_PARAM_construct_end()};
  const PkeyCtx context(must(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), "EC"));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params.data()));
  return Pkey(key);
}

std::string jwk_thumbprint(std::string_view point) {
  return base64url(sha256(R"({"crv":"P-256","kty":"EC","x":")" + base64url(point.substr(1, 32)) +
                          R"(","y":")" + base64url(point.substr(33, 32)) + R"("})"));
}

std::string ed25519_thumbprint(EVP_PKEY* key) {
  std::string raw(32, '\0');
  std::size_t size = raw.size();
  must(EVP_PKEY_get_raw_public_key(key, data_of(raw), &size) == 1 && size == 32, "Ed25519 key");
  return base64url(sha256(R"({"crv":"Ed25519","kty":"OKP","x":")" + base64url(raw) + R"("})"));
}

bool verify_es256(std::string_view point, std::string_view signed_text, std::string_view signature) {
  if (signature.size() != 64) return false;
  const auto key = p256_from_point(point);
  if (!key) return false;
  const EcdsaSig pair(must(ECDSA_SIG_new(), "memory"));
  ECDSA_SIG_set0(pair.get(), BN_bin2bn(data_of(signature), 32, nullptr),
                 BN_bin2bn(data_of(signature) + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size < 0) return false;
  const DigestCtx context(must(EVP_MD_CTX_new(), "memory"));
  const bool ok = EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
                  EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size), data_of(signed_text),
                                   signed_text.size()) == 1;
  OPENSSL_free(der);
  return ok;
}

std::string sign_es256(EVP_PKEY* key, std::string_view text) {
  const auto der = sign(key, EVP_sha256(), text);
  const auto* at = data_of(der);
  const EcdsaSig pair(must(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), "signature"));
  std::string out(64, '\0');
  must(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), data_of(out), 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), data_of(out) + 32, 32) == 32,
       "signature");
  return out;
}

std::string sign_ed25519(EVP_PKEY* key, std::string_view text) { return sign(key, nullptr, text); }

std::string private_pem(EVP_PKEY* key) { return pem(key, true); }
std::string public_pem(EVP_PKEY* key) { return pem(key, false); }

Pkey read_private_pem(std::string_view text) {
  const Bio bio(must(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "memory"));
  return Pkey(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

std::string hash_password(std::string_view password, std::string_view salt, int log2_n) {
  return "scrypt$" + std::to_string(log2_n) + '$' + base64url(salt) + '$' +
         base64url(scrypt(password, salt, log2_n));
}

bool verify_password(std::string_view password, std::string_view stored) {
  const auto first = stored.find('$');
  const auto second = stored.find('$', first + 1);
  const auto third = stored.find('$', second + 1);
  if (third == std::string_view::npos) return false;
  int log2_n = 0;
  std::from_chars(stored.data() + first + 1, stored.data() + second, log2_n);
  const auto salt = unbase64url(stored.substr(second + 1, third - second - 1));
  if (log2_n < 1 || log2_n > 20 || !salt) return false;
  return constant_time_equal(hash_password(password, *salt, log2_n), stored);
}

}  // namespace refcloud
