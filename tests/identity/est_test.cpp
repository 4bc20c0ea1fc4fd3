#include "agent/cloud/est.hpp"

#include <doctest/doctest.h>

#include "tests/identity/openssl.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;

namespace {
std::string wrap(const std::string& text, const char* eol) {
  std::string out;
  for (size_t at = 0; at < text.size(); at += 64) out += text.substr(at, 64) + eol;
  return out;
}
void refused(const std::string& body) {
  auto parsed = parse_certs_only(body);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == "cloud.bad_answer");
}
}  // namespace

TEST_CASE("est: certs-only PKCS#7, in base64, wrapped or not (RFC 8951)") {
  auto ca = unit::p256(), key = unit::p256();
  auto root = unit::certificate(ca.get(), ca.get(), "ca", 1, 2),
       mine = unit::certificate(key.get(), ca.get(), "me", 1, 2);
  auto bare = unit::b64(unit::pkcs7({mine.get(), root.get()}));
  for (const auto& body : {bare, wrap(bare, "\n"), wrap(bare, "\r\n"), bare + "\n", " " + bare}) {
    auto parsed = parse_certs_only(body);
    REQUIRE(parsed);
    CHECK(parsed->size() == 2);
    bool found = false;
    for (auto& each : *parsed) found |= X509_cmp(each.get(), mine.get()) == 0;
    CHECK(found);
  }
}

TEST_CASE("est: one to eight certificates") {
  auto key = unit::p256();
  std::vector<unit::Cert> made;
  std::vector<X509*> all;
  refused(unit::b64(unit::pkcs7({})));
  for (int n = 1; n <= 9; ++n) {
    made.push_back(unit::certificate(key.get(), key.get(), "c" + std::to_string(n), 1, 2));
    all.push_back(made.back().get());
    auto body = unit::b64(unit::pkcs7(all));
    if (n <= 8)
      CHECK(parse_certs_only(body));
    else
      refused(body);
  }
}

TEST_CASE("est: garbage is cloud.bad_answer") {
  auto key = unit::p256();
  auto mine = unit::certificate(key.get(), key.get(), "me", 1, 2);
  auto der = unit::pkcs7({mine.get()});
  refused("");
  refused("\n");
  refused("not base64!");
  refused("AAAA");
  refused(der);  // binary
  refused(unit::b64(der.substr(0, der.size() / 2)));
  refused(unit::b64(der + "trailing"));
  refused(unit::b64(std::string(100000, '\x30')));
  // A bare certificate is no PKCS#7.
  unsigned char* bytes = nullptr;
  int size = i2d_X509(mine.get(), &bytes);
  refused(unit::b64(std::string(reinterpret_cast<char*>(bytes), size_t(size))));
  OPENSSL_free(bytes);
}

TEST_CASE("est: any single flipped bit is a value or an error") {
  auto key = unit::p256();
  auto mine = unit::certificate(key.get(), key.get(), "me", 1, 2);
  auto der = unit::pkcs7({mine.get()});
  unit::SeededRng rng(51);
  for (int i = 0; i < 500; ++i) {
    auto bent = der;
    bent[rng.below(bent.size())] ^= static_cast<char>(1 << rng.below(8));
    auto parsed = parse_certs_only(unit::b64(bent));
    if (!parsed) CHECK(parsed.error().code == "cloud.bad_answer");
  }
}
