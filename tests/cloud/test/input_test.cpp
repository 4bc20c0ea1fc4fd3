#include <doctest/doctest.h>

#include "tests/cloud/problem.hpp"
#include "tests/cloud/test/world.hpp"

using namespace refcloud;
using namespace refcloud::test;

TEST_CASE("bodies that are not exactly what is described are refused") {
  World world;
  Nas nas(world);
  nas.enroll();
  const auto put = [&](const std::string& body) { return problem_of(nas.call("PUT", "/v1/ddns", body)); };
  CHECK(put(" ") == "bad-json");
  CHECK(put("[]") == "bad-json");
  CHECK(put("{") == "bad-json");
  CHECK(put(R"({"ipv4":null,"ipv6":null}x)") == "bad-json");
  CHECK(put(R"({"ipv4":null,"ipv6":null,"ipv4":null})") == "bad-json");
  CHECK(put(R"({"ipv4":null,"ipv6":null,"a\":b":1})") == "unknown-member");
  CHECK(put(R"({"ipv4":null})") == "bad-member");
  CHECK(put(R"({"ipv4":1,"ipv6":null})") == "bad-member");
  CHECK(put(R"({"ipv4":null,"ipv6":null,"port":1})") == "unknown-member");
  CHECK(put(std::string(40, '[') + std::string(40, ']')) == "bad-json");
  CHECK(put("{\"ipv4\":\"\xff\",\"ipv6\":null}") == "bad-json");
  CHECK(put(R"({"ipv4":"5.6.7.8\u0000","ipv6":null})") == "address-invalid");
  CHECK(nas.call("PUT", "/v1/ddns", '"' + std::string(70'000, 'x') + '"').status == 413);
  auto typed = nas.request("PUT", "/v1/ddns");
  typed.body = R"({"ipv4":null,"ipv6":null})";
  CHECK(world.call(typed).status == 415);
  typed.headers = {{"content-type", "Application/JSON; charset=utf-8"}};
  CHECK(world.call(typed).status == 200);
  typed.headers.emplace_back("Content-Type", "application/json");
  CHECK(problem_of(world.call(typed)) == "bad-request");
}

TEST_CASE("forms: broken escapes, repeated names, NUL") {
  for (const auto* const bad : {"a=%", "a=%g0", "a=1&a=2", "a=%00", "a=%ff"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_form(bad));
  }
  const auto good = parse_form("a=%C3%A4+b&c&&d=");
  REQUIRE(good);
  CHECK(*find(*good, "a") == "\xc3\xa4 b");
  CHECK(find(*good, "c")->empty());
}

TEST_CASE("methods and paths: 404, and 405 with Allow") {
  World world;
  CHECK(problem_of(world.get("/v2/device")) == "not-found");
  CHECK(problem_of(world.get("/v1/device/")) == "not-found");
  CHECK(problem_of(world.get("/v1/erasure-requests/")) == "not-found");
  CHECK(problem_of(world.get("/v1/erasure-requests/a/b")) == "not-found");
  CHECK(problem_of(world.get("http://x/")) == "bad-request");
  const auto response = world.call({"PATCH", "/v1/name", {}, {}, "5.6.7.8", {}});
  CHECK(response.status == 405);
  CHECK(*header(response.headers, "Allow") == "PUT, DELETE");
}

TEST_CASE("every answer carries Date; Content-Length fits") {
  World world;
  for (const auto* const target : {"/login", "/v1/device", "/nothing", "/.well-known/est/cacerts", "/"}) {
    const auto response = world.get(target);
    CHECK(*header(response.headers, "Date") == http_date(world.clock.now()));
    CHECK(*header(response.headers, "Content-Length") == std::to_string(response.body.size()));
  }
}

TEST_CASE("encodings: both ways, and strict") {
  for (const std::string plain : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    CHECK(*unbase64(base64(plain)) == plain);
    CHECK(*unbase64url(base64url(plain)) == plain);
  }
  CHECK(base64("foobar") == "Zm9vYmFy");
  for (const auto* const bad : {"Zg=", "Z", "Zm9v=", "Zh", "Zg==", "Zm 9v"}) CHECK_FALSE(unbase64url(bad));
  CHECK_FALSE(unbase64("Zg"));
  CHECK_FALSE(unbase64("Zg==Zg=="));
  CHECK(*parse_rfc3339("2026-11-23T10:00:00Z") == 1'795'428'000);
  CHECK(rfc3339(1'795'428'000) == "2026-11-23T10:00:00Z");
  CHECK(*parse_rfc3339("2026-11-23T10:00:00.25Z") == 1'795'428'000);
  CHECK(http_date(1'795'428'000) == "Mon, 23 Nov 2026 10:00:00 GMT");
  for (const auto* const bad :
       {"2026-02-30T10:00:00Z", "2026-11-23T10:00:00", "2026-11-23 10:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T10:00:00.Z", "2026-11-23T10:00:00+00:00"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad));
  }
  CHECK(canonical(parse_object(R"({"b":[1,null,true],"a":{"d":"x\u00e4","c":""}})")) ==
        "{\"a\":{\"c\":\"\",\"d\":\"x\xc3\xa4\"},\"b\":[1,null,true]}");
}

TEST_CASE("operator: the same acts over HTTP") {
  World world;
  Nas nas(world);
  nas.enroll();
  const auto post = [&](const std::string& target, const std::string& body) {
    return world.cloud.operate({"POST", target, {}, body, {}, {}});
  };
  const auto id = "{\"device_id\":\"" + nas.device_id + '"';
  CHECK(post("/rename", id + R"(,"name":"nas1"})").status == 200);
  CHECK(post("/rename", id + R"(,"name":"!"})").status == 404);
  CHECK(post("/notice", id + R"(,"text":"hi"})").status == 200);
  CHECK(post("/clock", R"({"advance_seconds":60})").status == 200);
  CHECK(post("/clock", R"({"advance_seconds":-1})").status == 400);
  CHECK(post("/retention", "{}").status == 200);
  CHECK(body_of(post("/rows", R"({"text":"nas1"})")).at("rows").as_object().size() == 1);
  CHECK(post("/revoke", id + "}").status == 200);
  CHECK(post("/remove", id + "}").status == 200);
  CHECK(post("/remove", id + "}").status == 404);
  CHECK(post("/nothing", "{}").status == 404);
  const auto stats = body_of(world.cloud.operate({"GET", "/stats", {}, {}, {}, {}}));
  CHECK(stats.at("devices").as_int64() == 0);
  CHECK(stats.at("removals").as_int64() == 1);
}
