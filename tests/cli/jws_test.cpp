#include "agent/cli/jws.hpp"
#include "agent/cli/field.hpp"
#include "tests/cli/agent_double.hpp"

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <boost/json/parse.hpp>
#include <memory>

using namespace qcloud::cli;

namespace {

std::string encode(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (out.ends_with('=')) out.pop_back();
  return out;
}

/// A vendor of its own: signs, and gives its public key.
class Vendor {
 public:
  explicit Vendor(int type = EVP_PKEY_ED25519) {
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_id(type, nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY* made = nullptr;
    EVP_PKEY_keygen_init(context.get());
    if (type == EVP_PKEY_EC) EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1);
    EVP_PKEY_keygen(context.get(), &made);
    key_.reset(made);
  }
  std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PUBKEY(bio.get(), key_.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }
  std::string sign(const std::string& header, const std::string& payload) const {
    const std::string text = encode(header) + "." + encode(payload);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    unsigned char signature[64];
    std::size_t size = sizeof signature;
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context.get(), signature, &size, reinterpret_cast<const unsigned char*>(text.data()),
                   text.size());
    return text + "." + encode({reinterpret_cast<char*>(signature), size});
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{nullptr, &EVP_PKEY_free};
};

const std::string header = R"({"alg":"EdDSA","typ":"erasure-receipt+jwt","kid":"k1"})";
const char* const type = "erasure-receipt+jwt";

std::string payload(const std::string& backups = "2027-05-20T10:00:00Z") {
  return R"({"iss":"https://cloud.vendor.test","subject_request_id":"7d9e","scope":["ddns"],"request_sha256":")" +
         sha256_hex("d.e.f") +
         R"(","submitted_time":"2026-11-21T10:00:00Z","status":"completed","stores":[{"name":"ddns","records":2,"content_sha256":"00",
              "deleted_at":"2026-11-21T10:00:01Z","backup_expires_at":")" +
         backups + R"("}],"recipients":[],"retained":[]})";
}

}  // namespace

TEST_CASE("base64url is strict") {
  CHECK(*base64url_decode("") == "");
  CHECK(*base64url_decode("Zg") == "f");
  CHECK(*base64url_decode("Zm8") == "fo");
  CHECK(*base64url_decode("Zm9v") == "foo");
  CHECK(*base64url_decode("-_8") == "\xfb\xff");
  for (const char* bad : {"Z", "Zh", "Zg==", "Zm9", "Z g", "+/8", "Zm9v\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(base64url_decode(bad).has_value());
  }
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("the vector of RFC 8037, A.4 and A.5") {
  // The key's "x" as SubjectPublicKeyInfo (RFC 8410).
  const std::string pem =
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END "
      "PUBLIC KEY-----\n";
  const std::string jws =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  // Its payload is no JSON object, so the right answer to a good signature is "damaged content".
  const auto good = verify_jws(jws, pem, "");
  REQUIRE_FALSE(good.has_value());
  CHECK(good.error().text.find("content is damaged") != std::string::npos);
  std::string bad = jws;
  bad[30] ^= 1;
  CHECK(verify_jws(bad, pem, "").error().code == "bad-signature");
}

TEST_CASE("only what the vendor signed is a receipt") {
  const Vendor vendor, other;
  const std::string jws = vendor.sign(header, payload());
  const auto good = verify_jws(jws, vendor.pem(), type);
  REQUIRE(good.has_value());
  CHECK(raw_at(*good, "subject_request_id") == "7d9e");
  CHECK(verify_jws(jws, other.pem() + vendor.pem(), type).has_value());  // rotated keys
  CHECK(
      verify_jws(jws, Vendor(EVP_PKEY_EC).pem() + vendor.pem(), type).has_value());  // another key beside it
  CHECK(verify_jws(jws, other.pem(), type).error().code == "bad-signature");
  CHECK_FALSE(verify_jws(jws, Vendor(EVP_PKEY_EC).pem(), type).has_value());
  CHECK_FALSE(verify_jws(jws, "no key", type).has_value());
  for (const char* other_header :
       {R"({"alg":"none","typ":"erasure-receipt+jwt"})", R"({"alg":"EdDSA","typ":"license+jwt"})",
        R"({"alg":"EdDSA"})", R"({"alg":"EdDSA","typ":"erasure-receipt+jwt","crit":["x"]})", "no json", "[]"})
    CHECK_FALSE(verify_jws(vendor.sign(other_header, payload()), vendor.pem(), type).has_value());
  CHECK_FALSE(verify_jws(vendor.sign(header, "no json"), vendor.pem(), type).has_value());
  for (const char* broken : {"", ".", "..", "a.b", "a.b.c.d"})
    CHECK_FALSE(verify_jws(broken, vendor.pem(), type).has_value());
  CHECK_FALSE(verify_jws(jws + "." + jws, vendor.pem(), type).has_value());
  CHECK_FALSE(verify_jws(jws.substr(0, jws.rfind('.') + 1), vendor.pem(), type).has_value());
  // Every single changed character is noticed.
  for (std::size_t i = 0; i < jws.size(); ++i) {
    std::string changed = jws;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(verify_jws(changed, vendor.pem(), type).has_value());
  }
}

TEST_CASE("receipts verify --file, without an agent") {
  const Vendor vendor, other;
  const TempDir dir;
  Call call(dir.path("no-agent.sock"));
  const std::string key = dir.write("vendor.pem", vendor.pem());
  const std::string file = dir.write("receipt", vendor.sign(header, payload()) + "\n");

  SUBCASE("good") {
    CHECK(call({"receipts", "verify", "--file", file, "--key", key}) == 0);
    CHECK(call.out.str() ==
          "Verified: signed by the vendor's key, unchanged.\n"
          "From https://cloud.vendor.test, for order 7d9e (ddns).\n"
          "Erased\n"
          "  ddns            2 records, out of reach since 2026-11-21 10:00, backups end by 2027-05-20\n"
          "Kept\n"
          "  nothing\n");
  }
  SUBCASE("good, for a script") {
    CHECK(call({"--json", "receipts", "verify", "--file", file, "--key", key}) == 0);
    CHECK(boost::json::parse(call.out.str()).at("verified").as_bool());
  }
  SUBCASE("another vendor") {
    CHECK(call({"receipts", "verify", "--file", file, "--key", dir.write("other.pem", other.pem())}) == 1);
    CHECK(call.out.str().empty());
    CHECK(call.err.str().find("did not sign this receipt") != std::string::npos);
  }
  SUBCASE("signed, but backups last too long") {
    const std::string late = dir.write("late", vendor.sign(header, payload("2028-01-01T00:00:00Z")));
    CHECK(call({"receipts", "verify", "--file", late, "--key", key}) == 1);
    CHECK(call.err.str().find("The backups of ddns last longer than 180 days.") != std::string::npos);
  }
  SUBCASE("what `receipts show --json` wrote, with the request it answers") {
    const auto saved = [&](const std::string& request) {
      return dir.write("saved.json", R"({"schema":1,"receipts":[{"receipt":")" +
                                         vendor.sign(header, payload()) + R"(","request":")" + request +
                                         "\"}]}");
    };
    CHECK(call({"receipts", "verify", "--file", saved("d.e.f"), "--key", key}) == 0);
    CHECK(call({"receipts", "verify", "--file", saved("x.y.z"), "--key", key}) == 1);
    CHECK(call.err.str().find("answers another request") != std::string::npos);
  }
  SUBCASE("no such file") {
    CHECK(call({"receipts", "verify", "--file", dir.path("none"), "--key", key}) == 1);
    CHECK(call.err.str().find("No such file") != std::string::npos);
  }
}
