#include "agent/features/enroll/wire.hpp"

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "agent/gate/mint.hpp"
#include "agent/gate/serialize.hpp"
#include "tests/features/answer.hpp"

using namespace qcloud;
using namespace qcloud::enroll;
namespace json = boost::json;

using unit::with;

namespace {

constexpr auto good_code =
    R"({"device_code":"dc-1","user_code":"BCDF-GHJK","verification_uri":"https://cloud.vendor.test/device",
  "verification_uri_complete":"https://cloud.vendor.test/device?user_code=BCDF-GHJK","expires_in":600,"interval":5})";
Wire wire(const Out& message) {
  auto made = serialize(message.raw(), "");
  REQUIRE(made);
  return *made;
}
template <DataClass C>
Value<C> v(std::string_view text) {
  return Mint::text<C>(text);
}

}  // namespace

TEST_CASE("A2 enroll wire: each message is what the manifest and the cloud's API say") {
  auto code =
      wire(device_authorization(v<DataClass::device_model>("TS-464"), v<DataClass::device_name>("my nas"),
                                v<DataClass::serial_tail>("7F3A")));
  CHECK(code.method == "POST");
  CHECK(code.target == "/device/auth");
  CHECK(code.body.find("client_id=qcloud-nas") != std::string::npos);
  CHECK(code.body.find("scope=nas") != std::string::npos);
  CHECK(code.body.find("device_model=TS-464") != std::string::npos);
  CHECK(code.body.find("device_serial_tail=7F3A") != std::string::npos);

  auto asked = wire(token(v<DataClass::one_time_code>("dc-1")));
  CHECK(asked.target == "/token");
  CHECK(asked.body.find("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code") !=
        std::string::npos);
  CHECK(asked.body.find("device_code=dc-1") != std::string::npos);

  auto est = wire(simple_enroll(v<DataClass::one_time_code>("at-1"), v<DataClass::public_key>("MIIB")));
  CHECK(est.target == "/.well-known/est/simpleenroll");
  CHECK(est.body == "MIIB");
  bool basic = false;
  for (auto& [name, value] : est.headers)
    basic |= name == "Authorization" && value == "Basic ZGV2aWNlOmF0LTE=";
  CHECK(basic);

  auto again = wire(simple_reenroll(v<DataClass::public_key>("MIIB")));
  CHECK(again.target == "/.well-known/est/simplereenroll");
  for (auto& [name, value] : again.headers) CHECK(name != "Authorization");

  CHECK(wire(device()).target == "/v1/device");
  auto name = wire(claim_name(v<DataClass::public_name>("nas1")));
  CHECK(name.method == "PUT");
  CHECK(name.target == "/v1/name");
  CHECK(name.body == R"({"name":"nas1"})");
  CHECK(wire(release_name()).method == "DELETE");
}

TEST_CASE("enroll wire: the code to show (RFC 8628 section 3.2)") {
  auto parsed = parse_device_authorization(with(200, good_code));
  REQUIRE(parsed);
  CHECK(parsed->device_code.json() == "dc-1");
  CHECK(parsed->user_code == "BCDF-GHJK");
  CHECK(parsed->verification_uri == "https://cloud.vendor.test/device");
  CHECK(parsed->verification_uri_complete == "https://cloud.vendor.test/device?user_code=BCDF-GHJK");
  CHECK(parsed->expires_in == seconds(600));
  CHECK(parsed->interval == seconds(5));

  auto short_one = json::parse(good_code).as_object();
  short_one.erase("interval");
  short_one.erase("verification_uri_complete");
  parsed = parse_device_authorization(with(200, json::serialize(short_one)));
  REQUIRE(parsed);
  CHECK(parsed->interval == seconds(5));
  CHECK(parsed->verification_uri_complete.empty());
}

TEST_CASE("enroll wire: a code that lacks a part, or has a strange one, is refused") {
  const json::value odd[] = {nullptr, true, 7, "", json::array{}, json::object{}};
  for (auto name : {"device_code", "user_code", "verification_uri", "expires_in"}) {
    CAPTURE(std::string(name));
    auto body = json::parse(good_code).as_object();
    body.erase(name);
    bool has_default =
        name == std::string("expires_in");  // RFC 8628 requires it; ten minutes where it is missing
    if (!has_default) CHECK_FALSE(parse_device_authorization(with(200, json::serialize(body))));
    for (const auto& value : odd) {
      if (has_default) continue;
      body[name] = value;
      CAPTURE(json::serialize(value));
      CHECK_FALSE(parse_device_authorization(with(200, json::serialize(body))));
    }
  }
  auto body = json::parse(good_code).as_object();
  for (const json::value& life : {json::value(0), json::value(-5), json::value(1.5), json::value("x"),
                                  json::value(9223372036854775807)}) {
    body["expires_in"] = life;
    auto parsed = parse_device_authorization(with(200, json::serialize(body)));
    if (!parsed) continue;
    DeviceFlow flow(Instant(seconds(1000)), parsed->expires_in, parsed->interval);
    CHECK(flow.expires_at() > Instant(seconds(1000)));
    CHECK(flow.expires_at() <= Instant(hours(25)));
  }
}

TEST_CASE("enroll wire: what the owner is shown holds no control characters and no other scheme") {
  for (auto uri :
       {"javascript:alert(1)", "file:///etc/passwd", "https://cloud.vendor.test/\x1b[2J", "not a uri"}) {
    auto body = json::parse(good_code).as_object();
    body["verification_uri"] = uri;
    CAPTURE(std::string(uri));
    CHECK_FALSE(parse_device_authorization(with(200, json::serialize(body))));
  }
  auto body = json::parse(good_code).as_object();
  body["user_code"] = "\x1b[31mEVIL\n";
  CHECK_FALSE(parse_device_authorization(with(200, json::serialize(body))));
}

TEST_CASE("enroll wire: an error instead of a code is that error") {
  auto parsed = parse_device_authorization(with(503, "{}"));
  REQUIRE_FALSE(parsed);
  CHECK((parsed.error().retry == Retry::retry_soon || parsed.error().retry == Retry::retry_later));
  CHECK_FALSE(parse_device_authorization(with(200, "")));
  CHECK_FALSE(parse_device_authorization(with(200, "[]")));
}

TEST_CASE("enroll wire: what an answer of the token endpoint means") {
  auto is = [](int status, const std::string& body) { return classify_token(with(status, body)); };
  CHECK(is(200, R"({"access_token":"at","token_type":"Bearer"})") == TokenAnswer::granted);
  CHECK(is(400, R"({"error":"authorization_pending"})") == TokenAnswer::authorization_pending);
  CHECK(is(400, R"({"error":"slow_down"})") == TokenAnswer::slow_down);
  CHECK(is(400, R"({"error":"access_denied"})") == TokenAnswer::access_denied);
  CHECK(is(400, R"({"error":"expired_token"})") == TokenAnswer::expired_token);
  CHECK(is(400, R"({"error":"invalid_grant"})") == TokenAnswer::refused);
  CHECK(is(401, R"({"error":"invalid_client"})") == TokenAnswer::refused);
  for (int status : {500, 502, 503, 504}) CHECK(is(status, "") == TokenAnswer::unreachable);
  CHECK(is(200, R"({"token_type":"Bearer"})") != TokenAnswer::granted);
  CHECK(is(200, "{}") != TokenAnswer::granted);
  CHECK(is(400, R"({"error":7})") == TokenAnswer::refused);
  CHECK(is(400, R"({"access_token":"at"})") != TokenAnswer::granted);
}

TEST_CASE("enroll wire: whose box this is") {
  auto info = parse_device(with(
      200,
      R"({"device_id":"d","account":"anna","name":"nas1","fqdn":"nas1.mynas.test","zone":"mynas.test","certificate_not_after":"x"})"));
  REQUIRE(info);
  CHECK(info->account == "anna");
  CHECK(info->name == "nas1");
  CHECK(info->fqdn == "nas1.mynas.test");
  CHECK(info->zone == "mynas.test");
  info = parse_device(
      with(200, R"({"device_id":"d","account":"anna","name":null,"fqdn":null,"zone":"mynas.test"})"));
  REQUIRE(info);
  CHECK(info->name.empty());
  CHECK(info->fqdn.empty());
  for (auto body : {"", "{}", "[]", R"({"account":7,"zone":"mynas.test"})", R"({"account":null})"}) {
    CAPTURE(std::string(body));
    CHECK_FALSE(parse_device(with(200, body)));
  }
  CHECK_FALSE(parse_device(with(404, "{}")));
}

TEST_CASE("L2 enroll wire: who may look the box up, asked and said") {
  CHECK(wire(get_audience()).method == "GET");
  CHECK(wire(get_audience()).target == "/v1/audience");
  auto said = wire(set_audience(v<DataClass::audience>("invited"),
                                Mint::value<DataClass::invited_account>(json::array{"anna", "ben"})));
  CHECK(said.method == "PUT");
  CHECK(json::parse(said.body) == json::parse(R"({"audience":"invited","invited":["anna","ben"]})"));
  auto corrected = wire(correct(v<DataClass::device_name>("cellar")));
  CHECK(corrected.method == "PATCH");
  CHECK(corrected.target == "/v1/device");
  CHECK(corrected.body == R"({"device_name":"cellar"})");

  auto read = parse_audience(with(200, R"({"audience":"invited","invited":["anna"]})"));
  REQUIRE(read);
  CHECK(read->audience == "invited");
  CHECK(read->invited == std::vector<std::string>{"anna"});
  for (auto bad : {"{}", R"({"audience":"all","invited":[]})", R"({"audience":"owner"})",
                   R"({"audience":"owner","invited":[7]})", R"({"audience":"owner","invited":["a b"]})",
                   R"({"audience":"owner","invited":["\u001b[2J"]})", R"({"audience":7,"invited":[]})"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_audience(with(200, bad)));
  }
  CHECK_FALSE(parse_audience(with(503, R"({"audience":"owner","invited":[]})")));
}
