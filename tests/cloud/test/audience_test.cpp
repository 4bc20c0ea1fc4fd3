// Promise L2: public DNS never shows a home address unless the audience is everyone.
#include <doctest/doctest.h>

#include <set>

#include "tests/cloud/test/world.hpp"

using namespace refcloud;
using namespace refcloud::test;

namespace {

Response set(Nas& nas, const std::string& audience, const std::string& invited = "[]") {
  return nas.call("PUT", "/v1/audience", R"({"audience":")" + audience + R"(","invited":)" + invited + "}");
}

// Even dice from the world's generator.
std::size_t roll(World& world, std::size_t sides) {
  return static_cast<unsigned char>(world.rng.bytes(1)[0]) % sides;
}

std::optional<Address> any_address(World& world) {
  static const char* const pool[] = {"5.6.7.8", "8.8.8.8",     "192.168.1.2", "100.64.0.1",  "127.0.0.1",
                                     "2a00::1", "fe80::1",     "fd12::1",     "2001:db8::1", "203.0.113.9",
                                     "9.9.9.9", "2620:fe::fe", "224.0.0.1",   "1.1.1.1"};
  const auto at = roll(world, std::size(pool) + 1);
  return at == std::size(pool) ? std::nullopt : parse_address(pool[at]);
}

}  // namespace

TEST_CASE("L2: derive_records, over everything that it may be given") {
  World world;
  int shown = 0;
  for (int i = 0; i < 20'000; ++i) {
    RecordInputs in;
    in.registered = roll(world, 8) > 0;
    in.direct_ipv4 = any_address(world);
    in.direct_ipv6 = any_address(world);
    if (roll(world, 2)) in.relay = Records{{"7.7.7.7"}, {"2a01::7"}};
    in.audience = static_cast<Audience>(roll(world, 3));
    std::set<std::string> allowed;
    if (in.registered && in.relay) allowed = {"7.7.7.7", "2a01::7"};
    if (in.registered && in.audience == Audience::everyone)
      for (const auto& address : {in.direct_ipv4, in.direct_ipv6})
        if (address && address->global()) allowed.insert(address->text());
    const auto out = derive_records(in);
    for (const auto* const list : {&out.a, &out.aaaa})
      for (const auto& address : *list) {
        ++shown;
        CHECK(allowed.count(address) == 1);
      }
    CHECK((allowed.empty() || out != Records{}));
  }
  CHECK(shown > 5000);
}

TEST_CASE("L2: whatever happens in whatever order, DNS shows a home address for everyone only") {
  World world;
  Nas nas(world);
  nas.enroll();
  std::string audience = "everyone";
  int hidden = 0, public_now = 0;
  for (int i = 0; i < 3000; ++i) {
    world.dns.failing = roll(world, 5) == 0;
    switch (roll(world, 6)) {
      case 0:
        for (const auto* const wish : {"everyone", "invited", "owner"})
          if (roll(world, 3) == 0 && set(nas, wish, R"(["bob"])").status == 200) audience = wish;
        break;
      case 1:
        nas.call("PUT", "/v1/ddns",
                 R"({"ipv4":"5.6.7.)" + std::to_string(1 + roll(world, 200)) + R"(","ipv6":"2a00::1"})");
        break;
      case 2:
        nas.call("PUT", "/v1/name", R"({"name":"nas)" + std::to_string(roll(world, 3)) + "\"}");
        break;
      case 3:
        nas.call("DELETE", "/v1/name");
        break;
      case 4:
        world.cloud.tick();
        break;
      default:
        nas.erase(random_uuid(world.rng), "ddns");
    }
    CHECK(text(body_of(nas.call("GET", "/v1/audience")).at("audience")) == audience);
    if (audience == "everyone") {
      public_now += !world.dns.zone.empty();
    } else {
      ++hidden;
      CHECK(world.dns.zone.empty());
    }
  }
  CHECK(hidden > 300);
  CHECK(public_now > 100);
}

TEST_CASE("audience: records change at once; a new registration is for everyone, nobody invited") {
  World world;
  Nas nas(world);
  nas.enroll();
  CHECK(body_of(nas.call("GET", "/v1/audience")) ==
        json::object{{"audience", "everyone"}, {"invited", json::array{}}});
  nas.call("PUT", "/v1/name", R"({"name":"nas1"})");
  nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":null})");
  CHECK(world.dns.zone.size() == 1);
  const auto answer = set(nas, "invited", R"(["Carol","bob","carol"])");
  CHECK(body_of(answer) == json::object{{"audience", "invited"}, {"invited", json::array{"bob", "carol"}}});
  CHECK(world.dns.zone.empty());
  CHECK(body_of(nas.call("GET", "/v1/watch")).at("published").at("a").as_array().empty());
  world.dns.failing = true;
  CHECK(problem_of(set(nas, "everyone")) == "dns-unavailable");
  world.dns.failing = false;
  CHECK(body_of(nas.call("GET", "/v1/audience")) == body_of(answer));
  CHECK(set(nas, "everyone").status == 200);
  CHECK(world.dns.zone.size() == 1);

  CHECK(set(nas, "owner", R"(["bob"])").status == 200);
  CHECK(world.cloud.rows_of("bob").count("invited") == 1);
  REQUIRE(nas.erase("11111111-1111-4111-8111-111111111111", "registration").status == 201);
  CHECK(world.cloud.rows_of("bob").empty());
  Nas again(world);
  again.enroll();
  CHECK(text(body_of(again.call("GET", "/v1/audience")).at("audience")) == "everyone");
}

TEST_CASE("audience: what is refused") {
  World world;
  Nas nas(world);
  nas.enroll();
  CHECK(problem_of(set(nas, "friends")) == "bad-member");
  CHECK(problem_of(set(nas, "owner", "[1]")) == "bad-member");
  CHECK(problem_of(set(nas, "owner", "null")) == "bad-member");
  CHECK(problem_of(nas.call("PUT", "/v1/audience", R"({"audience":"owner"})")) == "bad-member");
  CHECK(problem_of(nas.call("PUT", "/v1/audience", R"({"audience":"owner","invited":[],"more":1})")) ==
        "unknown-member");
  for (const auto* const bad : {"ab", "a b c", "b\\u0430b", "a\\u0000b", "bob\\r\\n"}) {
    CAPTURE(bad);
    CHECK(problem_of(set(nas, "invited", std::string("[\"") + bad + "\"]")) == "login-invalid");
  }
  std::string many = "[";
  for (int i = 0; i < 50; ++i) many += "\"friend" + std::to_string(i) + "\",";
  CHECK(set(nas, "invited", many + "\"friend0\"]").status == 200);
  CHECK(problem_of(set(nas, "owner", many + "\"friend50\"]")) == "too-many-invited");
  CHECK(body_of(nas.call("GET", "/v1/audience")).at("invited").as_array().size() == 50);
  CHECK(problem_of(world.get("/v1/audience")) == "certificate-required");
}
