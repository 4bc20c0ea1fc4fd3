// The reference cloud's readers, through handle(): the first byte chooses the route, the rest is the body
// or the query. It may refuse anything, but must not fail (status 500).
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <iterator>
#include <memory>

#include "tests/cloud/test/world.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace refcloud;

// The world of the cloud's tests asserts by doctest, also where no test runs.
doctest::Context& asserting() {
  static doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& data) { MUST(!data.m_failed); });
  return context;
}

struct Fixture {
  test::World world;
  test::Nas nas{world};
  Fixture() { nas.enroll(); }
};

void check(const Reply& reply) {
  if (auto* answer = std::get_if<Response>(&reply))
    MUST(answer->status >= 200 && answer->status != 500 && answer->status < 600);
}

struct Door {
  const char* method;
  const char* target;
  const char* type;
};
constexpr const char *form = "application/x-www-form-urlencoded", *json_type = "application/json",
                     *pkcs10 = "application/pkcs10";
constexpr Door doors[] = {
    {"PUT", "/v1/name", json_type},
    {"PUT", "/v1/ddns", json_type},
    {"POST", "/v1/erasure-requests", json_type},
    {"POST", "/.well-known/est/simplereenroll", pkcs10},
    {"POST", "/.well-known/est/simpleenroll", pkcs10},
    {"POST", "/device/auth", form},
    {"POST", "/token", form},
    {"POST", "/login", form},
    {"GET", "/v1/watch?", nullptr},
    {"GET", "/v1/export?", nullptr},
    {"GET", "/v1/erasure-requests/", nullptr},
    {"GET", "/device?", nullptr},
    {"GET", "", nullptr},
};
constexpr std::size_t signed_order =
    std::size(doors);  // the rest is the payload of an order that the key did sign
constexpr std::size_t header_value = signed_order + 1;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& context = asserting();
  (void)context;
  static auto fixture = std::make_unique<Fixture>();
  if (size == 0) return 0;
  auto& nas = fixture->nas;
  std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
  // Letters, so that a corpus can be written by hand: 'a' is the first door.
  std::size_t choice = (data[0] + 256u - 'a') % 256u % (header_value + 1);
  if (choice == signed_order) {
    const json::object head{{"alg", "ES256"}, {"typ", "erasure-request+jwt"}, {"kid", nas.jkt()}};
    auto signed_text = base64url(json::serialize(head)) + '.' + base64url(rest);
    auto jws = signed_text + '.' + base64url(sign_es256(nas.key.get(), signed_text));
    check(nas.send_order("0b7ee0a8-73e2-4a2f-9f6b-1d2f3a4b5c6d", jws));
    // It may have been a good order: the next input meets a registered box again.
    if (nas.call("GET", "/v1/device").status != 200) fixture = std::make_unique<Fixture>();
    return 0;
  }
  if (choice == header_value) {
    for (const char* name :
         {"Authorization", "Cookie", "Host", "Content-Type", "Accept-Language", "Idempotency-Key"}) {
      auto request = nas.request("POST", "/.well-known/est/simpleenroll");
      request.headers = {{name, rest}};
      check(fixture->world.cloud.handle(request));
      request.method = "GET";
      request.target = "/device";
      check(fixture->world.cloud.handle(request));
    }
    return 0;
  }
  const auto& door = doors[choice];
  auto request = nas.request(door.method, door.target);
  if (door.type) {
    request.headers.emplace_back("Content-Type", door.type);
    request.body = rest;
  } else {
    request.target += rest;
  }
  check(fixture->world.cloud.handle(request));
  return 0;
}
