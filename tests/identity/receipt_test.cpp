// Promise A5: an order is settled only by a receipt that holds, word by word.
#include "agent/cloud/receipt.hpp"

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <functional>

#include "tests/identity/openssl.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;
namespace json = boost::json;

namespace {

struct World {
  unit::Key vendor = unit::ed25519();
  std::string pem = unit::public_pem(vendor.get());
  ReceiptExpectation expected{"thumb-1", "11111111-2222-4333-8444-555555555555", "eyJ.the.request", "ddns",
                              from_unix(1795428000)};
  std::string header = R"({"alg":"EdDSA","typ":"erasure-receipt+jwt","kid":"vendor-1"})";
  json::object payload;

  World() {
    payload = json::parse(R"j({
      "iss":"https://cloud.vendor.test","sub":"thumb-1","jti":"j-1","iat":1795428060,"device_id":"device-1",
      "subject_request_id":"11111111-2222-4333-8444-555555555555","scope":["ddns"],"request_sha256":"",
      "submitted_time":"2026-11-23T10:00:00Z","status":"completed",
      "stores":[{"name":"ddns","records":1,"content_sha256":"ab","deleted_at":"2026-11-23T10:01:00Z",
                 "backup_expires_at":"2027-05-22T10:00:00Z"}],
      "recipients":[],
      "retained":[{"what":"payment","why":"tax law","legal_basis":"AO 147","until":"2036-12-31T00:00:00Z"},
                  {"what":"access_log","why":"security","legal_basis":"6(1)(f)","until":"2027-05-22T10:00:00Z"}]})j")
                  .as_object();
    payload["request_sha256"] = unit::digest_hex(expected.request);
  }
  std::string jws() { return unit::sign_eddsa(vendor.get(), header, json::serialize(payload)); }
  Result<json::object> verify() { return verify_receipt(jws(), pem, expected); }
  void refused() {
    CAPTURE(json::serialize(payload));
    auto result = verify();
    REQUIRE_FALSE(result);
    CHECK(result.error().code.rfind("receipt.", 0) == 0);
    CHECK_FALSE(result.error().detail.empty());
  }
  json::object& store() { return payload["stores"].as_array()[0].as_object(); }
  json::object& held(size_t at) { return payload["retained"].as_array()[at].as_object(); }
};

}  // namespace

TEST_CASE_FIXTURE(World, "A5 receipt: one that holds") {
  auto good = verify();
  REQUIRE(good);
  CHECK(good->at("status") == "completed");
  CHECK(open_receipt(jws(), pem));
}

TEST_CASE_FIXTURE(World, "A5 receipt: backups end within 180 days of the order") {
  store()["backup_expires_at"] = "2027-05-22T10:00:01Z";  // a second more
  refused();
  store()["backup_expires_at"] = "2036-01-01T00:00:00Z";
  refused();
  store()["backup_expires_at"] = "soon";
  refused();
  store()["backup_expires_at"] = nullptr;
  refused();
  store().erase("backup_expires_at");
  refused();
}

TEST_CASE_FIXTURE(
    World, "A5 receipt: an order that waited for a year is settled where backups end with the deletion") {
  expected.submitted = from_unix(1795428000 - 365 * 86400);
  store()["backup_expires_at"] = store()["deleted_at"];
  payload["retained"] = json::array{};
  CHECK(verify());
  store()["backup_expires_at"] = "2026-11-23T10:01:01Z";
  refused();
}

TEST_CASE_FIXTURE(World, "A5 receipt: every store says when it was deleted") {
  for (auto name : {"deleted_at", "name"}) {
    auto before = store();
    store().erase(name);
    refused();
    store() = before;
  }
  payload.erase("stores");
  refused();
  payload["stores"] = "all of it";
  refused();
  payload["stores"] = json::array{7};
  refused();
}

TEST_CASE_FIXTURE(World, "A5 receipt: what is retained is on the closed list, with a reason and an end") {
  held(0).erase("until");
  refused();
  held(0)["until"] = nullptr;
  refused();
  held(0)["until"] = "";
  refused();
  held(0)["until"] = "2036-12-31T00:00:00Z";
  CHECK(verify());
  held(0)["what"] = "address_book";
  refused();
  held(0).erase("what");
  refused();
  held(0)["what"] = "license";
  CHECK(verify());
  held(0)["what"] = "correspondence";
  CHECK(verify());
  held(0).erase("why");
  refused();
  held(0)["why"] = "";
  refused();
  held(0)["why"] = "tax law";
  held(0).erase("legal_basis");
  refused();
  payload.erase("retained");
  refused();
  payload["retained"] = json::array{};
  CHECK(verify());
}

TEST_CASE_FIXTURE(World,
                  "A5 receipt: a hold that is no payment, license or correspondence ends within six months") {
  for (auto what : {"access_log", "erasure_receipt", "other"}) {
    held(1)["what"] = what;
    held(1)["until"] = "2027-05-22T10:00:00Z";
    CHECK(verify());
    held(1)["until"] = "2027-06-30T00:00:00Z";
    refused();
  }
}

TEST_CASE_FIXTURE(World, "A5 receipt: of another box") {
  payload["sub"] = "thumb-2";
  refused();
  payload.erase("sub");
  refused();
}

TEST_CASE_FIXTURE(World, "A5 receipt: of another order") {
  payload["subject_request_id"] = "99999999-2222-4333-8444-555555555555";
  refused();
}

TEST_CASE_FIXTURE(World, "A5 receipt: of another request under the same id") {
  payload["request_sha256"] = unit::digest_hex("eyJ.another.request");
  refused();
  payload.erase("request_sha256");  // only a removal on the account's page has none
  refused();
}

TEST_CASE_FIXTURE(World, "A5 receipt: of another scope") {
  payload["scope"] = json::array{"push"};
  refused();
  payload["scope"] = json::array{};
  refused();
  payload.erase("scope");
  refused();
  payload["scope"] =
      json::array{"ddns", "push"};  // more than was asked holds for what was asked, or is refused
  auto more = verify();
  if (!more) CHECK(more.error().code.rfind("receipt.", 0) == 0);
}

TEST_CASE_FIXTURE(World, "A5 receipt: a narrower one does not settle an unregistration") {
  expected.scope = "registration";
  refused();
}

TEST_CASE_FIXTURE(World, "A5 receipt: not completed is not settled") {
  payload["status"] = "in_progress";
  refused();
  payload.erase("status");
  refused();
}

TEST_CASE_FIXTURE(World,
                  "A5 receipt: of the registration settles any order of the same key, and of no other") {
  payload["scope"] = json::array{"registration"};
  payload["subject_request_id"] = "99999999-2222-4333-8444-555555555555";
  payload.erase("request_sha256");
  CHECK(verify());
  expected.scope = "registration";
  CHECK(verify());
  payload["sub"] = "thumb-2";
  refused();
  payload["sub"] = "thumb-1";
  store()["backup_expires_at"] = "2036-01-01T00:00:00Z";
  refused();
}

TEST_CASE_FIXTURE(World, "A5 receipt: signed with another key") {
  auto other = unit::ed25519();
  auto result =
      verify_receipt(unit::sign_eddsa(other.get(), header, json::serialize(payload)), pem, expected);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == "receipt.bad_signature");
  CHECK_FALSE(verify_receipt(jws(), unit::public_pem(other.get()), expected));
  CHECK_FALSE(verify_receipt(jws(), "", expected));
  CHECK_FALSE(verify_receipt(jws(), "no key", expected));
  CHECK_FALSE(verify_receipt(jws(), unit::public_pem(unit::p256().get()), expected));
}

TEST_CASE_FIXTURE(World, "A5 receipt: the header may not choose the algorithm") {
  for (auto alg : {"none", "HS256", "ES256", "None", "eddsa", ""}) {
    header = "{\"alg\":\"" + std::string(alg) + "\",\"typ\":\"erasure-receipt+jwt\"}";
    CAPTURE(alg);
    CHECK_FALSE(verify());
  }
  header = R"({"typ":"erasure-receipt+jwt"})";
  CHECK_FALSE(verify());
  header = R"({"alg":"EdDSA","typ":"erasure-receipt+jwt","crit":["exp"]})";
  CHECK_FALSE(verify());  // RFC 7515 section 4.1.11
  // Without a signature at all.
  auto bare = jws();
  CHECK_FALSE(verify_receipt(bare.substr(0, bare.rfind('.') + 1), pem, expected));
}

TEST_CASE_FIXTURE(
    World, "A5 receipt: another kind of token signed by the same key is none (RFC 8725 section 3.11)") {
  header = R"({"alg":"EdDSA","typ":"JWT"})";
  CHECK_FALSE(verify());
  header = R"({"alg":"EdDSA"})";
  CHECK_FALSE(verify());
}

TEST_CASE_FIXTURE(World, "A5 receipt: no byte can be changed") {
  auto good = jws();
  unit::SeededRng rng(61);
  for (size_t at = 0; at < good.size(); at += 1 + rng.below(4)) {
    auto bent = good;
    bent[at] = bent[at] == 'A' ? 'B' : 'A';
    if (bent == good) continue;
    CAPTURE(at);
    CHECK_FALSE(verify_receipt(bent, pem, expected));
  }
  for (size_t size = 0; size < good.size(); size += 7)
    CHECK_FALSE(verify_receipt(good.substr(0, size), pem, expected));
  for (auto tail : {"A", ".", " ", "\n", "=", ".AAAA"})
    CHECK_FALSE(verify_receipt(good + tail, pem, expected));
}

TEST_CASE_FIXTURE(World, "A5 receipt: garbage is receipt.malformed") {
  for (std::string text :
       {"", ".", "..", "...", "a.b.c", "e30.e30.", "e30.e30.AAAA", "{}", "AAAA.AAAA.AAAA"}) {
    CAPTURE(text);
    auto result = open_receipt(text, pem);
    REQUIRE_FALSE(result);
    CHECK(result.error().code.rfind("receipt.", 0) == 0);
  }
  // Well signed, but no object.
  for (std::string body : {"", "[]", "7", "null", "\"x\"", "{", "{\"a\":1}{"}) {
    CAPTURE(body);
    CHECK_FALSE(open_receipt(unit::sign_eddsa(vendor.get(), header, body), pem));
  }
}

TEST_CASE_FIXTURE(World, "A5 receipt: any member of any type is a value or an error") {
  const json::value odd[] = {nullptr,
                             7,
                             -1,
                             1.5,
                             true,
                             "x",
                             json::array{},
                             json::object{},
                             json::array{json::array{}},
                             json::array{nullptr}};
  const auto whole = payload;
  for (auto& [name, ignored] : whole)
    for (const auto& value : odd) {
      payload = whole;
      payload[name] = value;
      auto result = verify();
      if (!result) CHECK(result.error().code.rfind("receipt.", 0) == 0);
    }
}
