#include "agent/cloud/device_key.hpp"

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>

#include "tests/identity/openssl.hpp"

using namespace qcloud;

namespace {
DeviceKey fresh() {
  auto key = DeviceKey::generate();
  REQUIRE(key);
  return *std::move(key);
}
}  // namespace

TEST_CASE("R1 device key: P-256, made on the box, never twice the same") {
  auto one = fresh(), two = fresh();
  CHECK(EVP_PKEY_is_a(one.get(), "EC"));
  CHECK(EVP_PKEY_get_bits(one.get()) == 256);
  CHECK(one.thumbprint() != two.thumbprint());
}

TEST_CASE("device key: PEM round trip; the text is PKCS#8") {
  auto key = fresh();
  auto pem = key.pem();
  CHECK(pem.reveal().find("-----BEGIN PRIVATE KEY-----") != std::string_view::npos);
  auto back = DeviceKey::from_pem(pem);
  REQUIRE(back);
  CHECK(back->thumbprint() == key.thumbprint());
  CHECK(EVP_PKEY_eq(back->get(), key.get()) == 1);
}

TEST_CASE("device key: what is no P-256 private key is refused") {
  auto pem_of = [](EVP_PKEY* key) { return Secret(unit::public_pem(key)); };
  CHECK_FALSE(DeviceKey::from_pem(Secret(std::string(""))));
  CHECK_FALSE(DeviceKey::from_pem(
      Secret(std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))));
  auto key = fresh();
  CHECK_FALSE(DeviceKey::from_pem(pem_of(key.get())));
  auto text = std::string(key.pem().reveal());
  CHECK_FALSE(DeviceKey::from_pem(Secret(text.substr(0, text.size() / 2))));
}

TEST_CASE("device key: thumbprint is RFC 7638, computed by other means") {
  for (int i = 0; i < 20; ++i) {  // enough to meet a coordinate with a leading zero now and then
    auto key = fresh();
    CHECK(key.thumbprint() == unit::jwk_thumbprint(key.get()));
  }
}

TEST_CASE("R1 device key: the request parses as PKCS#10, verifies, and holds the public key only") {
  auto key = fresh();
  auto text = key.request();
  CHECK(text.find_first_of("\r\n -") == std::string::npos);  // unwrapped, no PEM
  auto csr = unit::parse_csr(text);
  REQUIRE(csr);
  auto* held = X509_REQ_get0_pubkey(csr.get());
  REQUIRE(held);
  CHECK(X509_REQ_verify(csr.get(), held) == 1);
  CHECK(EVP_PKEY_eq(held, key.get()) == 1);
  CHECK(X509_REQ_get_version(csr.get()) == 0);
}

TEST_CASE("device key: JWS is ES256 and verifies; a changed byte does not") {
  auto key = fresh();
  for (int i = 0; i < 30; ++i) {
    auto jws =
        key.sign(R"({"alg":"ES256","typ":"erasure-request+jwt"})", R"({"n":)" + std::to_string(i) + "}");
    auto first = jws.find('.'), second = jws.rfind('.');
    REQUIRE(first != second);
    auto header = boost::json::parse(unit::unb64url(jws.substr(0, first))).as_object();
    CHECK(header.at("alg") == "ES256");
    CHECK(header.at("typ") == "erasure-request+jwt");
    CHECK(unit::unb64url(jws.substr(first + 1, second - first - 1)) == R"({"n":)" + std::to_string(i) + "}");
    CHECK(unit::verifies_es256(key.get(), jws));
    auto broken = jws;
    broken[first + 2] = broken[first + 2] == 'A' ? 'B' : 'A';
    CHECK_FALSE(unit::verifies_es256(key.get(), broken));
  }
}

TEST_CASE("device key: knows its own certificate") {
  auto key = fresh(), other = fresh();
  auto ca = unit::p256();
  auto mine = unit::certificate(key.get(), ca.get(), "device-1", 1000, 2000);
  CHECK(key.matches(mine.get()));
  CHECK_FALSE(other.matches(mine.get()));
  CHECK(common_name(mine.get()) == "device-1");
  CHECK(validity(mine.get()).from == 1000);
  CHECK(validity(mine.get()).until == 2000);
  auto back = certificate_from_pem(to_pem(mine.get()));
  REQUIRE(back);
  CHECK(X509_cmp(back.get(), mine.get()) == 0);
  CHECK_FALSE(certificate_from_pem("no certificate"));
  CHECK_FALSE(certificate_from_pem(""));
}

TEST_CASE("device key: validity beyond 2050 (GeneralizedTime)") {
  auto key = unit::p256();
  auto far = unit::certificate(key.get(), key.get(), "x", 1795428000, 4102444800 + 86400);
  CHECK(validity(far.get()).until == 4102444800 + 86400);
}
