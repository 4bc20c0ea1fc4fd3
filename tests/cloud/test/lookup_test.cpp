// The authenticated look-up: who may ask, and that nobody else learns anything.
#include "tests/cloud/test/browser.hpp"

using namespace refcloud;
using namespace refcloud::test;

namespace {

// The device flow of a program; returns its bearer token.
std::string program(World& world, const std::string& account) {
  const auto started =
      body_of(world.form("/device/auth", "client_id=qcloud-lookup&scope=lookup&device_name=Backup"));
  REQUIRE(world.cloud.approve(text(started.at("user_code")), account));
  const auto answer = world.form("/token",
                                 "client_id=qcloud-lookup&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-"
                                 "type%3Adevice_code&device_code=" +
                                     text(started.at("device_code")));
  REQUIRE(answer.status == 200);
  CHECK(text(body_of(answer).at("scope")) == "lookup");
  CHECK(body_of(answer).at("expires_in").as_int64() == 3600);
  return text(body_of(answer).at("access_token"));
}

Response look(World& world, const std::string& token, const std::string& name) {
  return world.call({"GET", "/v1/lookup/" + name, {{"Authorization", "Bearer " + token}}, {}, "9.9.9.9", {}});
}

struct Shared {
  World world{};
  Nas nas{world};
  std::string owner{}, bob{}, carol{};

  Shared() {
    for (const auto* const login : {"bob", "carol"}) REQUIRE(world.cloud.add_account(login, "secret"));
    nas.enroll();
    nas.call("PUT", "/v1/name", R"({"name":"nas1"})");
    nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":"2a00:1450::1"})");
    owner = program(world, "alice");
    bob = program(world, "bob");
    carol = program(world, "carol");
  }
  void audience(const std::string& value) {
    REQUIRE(
        nas.call("PUT", "/v1/audience", R"({"audience":")" + value + R"(","invited":["bob","nobody-yet"]})")
            .status == 200);
  }
};

}  // namespace

TEST_CASE("L2: the audience decides who is answered; others cannot tell it from a name that is not there") {
  Shared s;
  const auto found = look(s.world, s.carol, "nas1");
  CHECK(body_of(found) ==
        json::object{{"name", "nas1"},
                     {"fqdn", "nas1.mynas.test"},
                     {"addresses", json::object{{"ipv4", "5.6.7.8"}, {"ipv6", "2a00:1450::1"}}}});
  s.audience("invited");
  CHECK(look(s.world, s.owner, "nas1").body == found.body);
  CHECK(look(s.world, s.bob, "NAS1.mynas.test").body == found.body);
  const auto refused = look(s.world, s.carol, "nas1");
  CHECK(refused.status == 404);
  CHECK(refused.body == look(s.world, s.carol, "nas2").body);
  s.audience("owner");
  CHECK(look(s.world, s.owner, "nas1").status == 200);
  CHECK(look(s.world, s.bob, "nas1").body == refused.body);
  s.audience("everyone");
  CHECK(look(s.world, s.carol, "nas1").status == 200);
  s.world.cloud.revoke(s.nas.device_id);
  CHECK(look(s.world, s.owner, "nas1").body == refused.body);
  // Who is invited before having an account may look once there is one.
  Shared later;
  later.audience("invited");
  REQUIRE(later.world.cloud.add_account("nobody-yet", "secret"));
  CHECK(look(later.world, program(later.world, "nobody-yet"), "nas1").status == 200);
}

TEST_CASE("look-up: nothing but its token opens it, and its token opens nothing else") {
  Shared s;
  const auto none = s.world.get("/v1/lookup/nas1");
  CHECK(problem_of(none) == "lookup-token-required");
  CHECK(header(none.headers, "WWW-Authenticate")->starts_with("Bearer"));
  CHECK(look(s.world, "made-up", "nas1").status == 401);
  CHECK(s.nas.call("GET", "/v1/lookup/nas1").status == 401);
  Nas thief(s.world);
  CHECK(thief.simpleenroll(s.owner).status == 401);
  CHECK(problem_of(s.world.call(
            {"GET", "/v1/device", {{"Authorization", "Bearer " + s.owner}}, {}, "9.9.9.9", {}})) ==
        "certificate-required");
  // The token of a NAS is none, and a code belongs to the client that asked for it.
  const auto started = device_auth(s.world);
  REQUIRE(s.world.cloud.approve(text(started.at("user_code")), "alice"));
  const auto swapped = s.world.form("/token",
                                    "client_id=qcloud-lookup&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-"
                                    "type%3Adevice_code&device_code=" +
                                        text(started.at("device_code")));
  CHECK(text(body_of(swapped).at("error")) == "invalid_grant");
  CHECK(look(s.world, text(body_of(poll(s.world, started)).at("access_token")), "nas1").status == 401);
  CHECK(text(body_of(s.world.form("/device/auth", "client_id=qcloud-lookup&scope=nas")).at("error")) ==
        "invalid_scope");
  CHECK(text(body_of(s.world.form("/device/auth", "client_id=qcloud-nas&scope=lookup&device_model=x"))
                 .at("error")) == "invalid_scope");
  CHECK(s.world.cloud.rows_of(s.owner).empty());
  s.world.clock.advance(hour);
  CHECK(look(s.world, s.owner, "nas1").status == 401);
}

TEST_CASE("look-up: names cannot be tried one by one") {
  Shared s;
  for (int i = 0; i < 60; ++i) CHECK(look(s.world, s.bob, "guess" + std::to_string(i)).status == 404);
  const auto limited = look(s.world, s.bob, "nas1");
  CHECK(limited.status == 429);
  CHECK(header(limited.headers, "Retry-After"));
  CHECK(look(s.world, s.carol, "nas1").status == 200);
  // On the page it is the same count.
  Browser browser{s.world};
  browser.sign_in("bob");
  CHECK(browser.get("/lookup?name=nas1").status == 429);
  s.world.clock.advance(10 * minute);
  CHECK(look(s.world, s.bob, "nas1").status == 200);
}

TEST_CASE("look-up: asking for a NAS that is there is limited, too, but later") {
  Shared s;
  for (int i = 0; i < 600; ++i) CHECK(look(s.world, s.bob, "nas1").status == 200);
  CHECK(look(s.world, s.bob, "nas1").status == 429);
}

TEST_CASE("look-up on the page, and what approval of a program says") {
  Shared s;
  s.audience("invited");
  Browser browser{s.world};
  CHECK(browser.get("/lookup?name=nas1").status == 303);
  browser.sign_in("bob");
  const auto page = browser.get("/lookup?name=nas1.mynas.test");
  CHECK(page.status == 200);
  CHECK(page.body.find("5.6.7.8") != std::string::npos);
  CHECK(browser.get("/lookup").status == 200);
  browser.cookie.clear();
  browser.sign_in("carol");
  const auto refused = browser.get("/lookup?name=nas1");
  CHECK(refused.status == 404);
  CHECK(refused.body.find("5.6.7.8") == std::string::npos);
  CHECK(browser.get("/lookup?name=%3Cscript%3E").body.find("<script") == std::string::npos);

  const auto started =
      body_of(s.world.form("/device/auth", "client_id=qcloud-lookup&scope=lookup&device_name=Backup%3Cb%3E"));
  const auto asked = browser.get("/device?user_code=" + text(started.at("user_code"))).body;
  CHECK(asked.find("Backup&lt;b&gt;") != std::string::npos);
  CHECK(asked.find("Bind this NAS") == std::string::npos);
  CHECK(asked.find("change nothing") != std::string::npos);
}
