// The dyndns2 door: what inadyn 2.10 and ddclient 3.10 send, and every word that it answers.
#include "tests/cloud/test/browser.hpp"

using namespace refcloud;
using namespace refcloud::test;

namespace {

// A NAS with a name, its update token, and a client somewhere that has it.
struct Door {
  World world{};
  Nas nas{world};
  Browser browser{world};
  std::string token{};

  Door() {
    nas.enroll();
    REQUIRE(nas.call("PUT", "/v1/name", R"({"name":"nas1"})").status == 200);
    browser.sign_in();
    token = make();
  }
  std::string make() {
    const auto page = browser.change("/account/token", nas.device_id, "&action=make");
    REQUIRE(page.status == 200);
    return Browser::between(page.body, "id=\"token\">", "<");
  }
  Response call(const std::string& query, const std::string& user, const std::string& password,
                const std::string& source = "5.6.7.20") {
    return world.call(
        {"GET",
         "/nic/update" + query,
         {{"Authorization", "Basic " + base64(user + ':' + password)}, {"User-Agent", "inadyn/2.10"}},
         {},
         source,
         {}});
  }
  std::string update(const std::string& query) { return call(query, "nas1", token).body; }
  Records zone() { return world.dns.zone["nas1.mynas.test"]; }
};

constexpr auto host = "?hostname=nas1.mynas.test";

}  // namespace

TEST_CASE("dyndns2: good, nochg, and the other family is left alone") {
  Door door;
  CHECK(door.update(std::string(host) + "&myip=5.6.7.8") == "good 5.6.7.8\n");
  CHECK(door.zone() == Records{{"5.6.7.8"}, {}});
  CHECK(door.update(std::string(host) + "&myip=5.6.7.8") == "nochg 5.6.7.8\n");
  CHECK(door.update(std::string(host) + "&myipv6=2A00:1450:0::1") == "good 2a00:1450::1\n");
  CHECK(door.zone() == Records{{"5.6.7.8"}, {"2a00:1450::1"}});
  CHECK(door.update(std::string(host) + "&myip=5.6.7.9") == "good 5.6.7.9\n");
  CHECK(door.zone() == Records{{"5.6.7.9"}, {"2a00:1450::1"}});
  CHECK(door.update(std::string(host) + "&myip=5.6.7.10,2a00:1450::2") == "good 5.6.7.10 2a00:1450::2\n");
  CHECK(door.zone() == Records{{"5.6.7.10"}, {"2a00:1450::2"}});
  // As ddclient 3.10 writes it, with an empty address; the source counts, for its family only.
  CHECK(door.update("?system=dyndns&hostname=nas1.mynas.test&myip=&wildcard=ON") == "good 5.6.7.20\n");
  CHECK(door.zone() == Records{{"5.6.7.20"}, {"2a00:1450::2"}});
  const auto over6 = door.call(host, "nas1", door.token, "2a00:1450::7");
  CHECK(over6.body == "good 2a00:1450::7\n");
  CHECK(*header(over6.headers, "Content-Type") == "text/plain; charset=utf-8");
  CHECK(door.zone() == Records{{"5.6.7.20"}, {"2a00:1450::7"}});
  // The NAS sees what was said for it.
  CHECK(body_of(door.nas.call("GET", "/v1/watch")).at("reported") ==
        json::object{{"ipv4", "5.6.7.20"}, {"ipv6", "2a00:1450::7"}});
}

TEST_CASE("dyndns2: one line a host, and every refusal by its word") {
  Door door;
  CHECK(door.update("?hostname=nas1.mynas.test,NAS1.mynas.test.,nas2.mynas.test,nas1&myip=5.6.7.8") ==
        "good 5.6.7.8\nnochg 5.6.7.8\nnohost\nnotfqdn\n");
  for (const auto* const bad : {"", "?hostname=", "?hostname=nas1", "?hostname=.mynas.test", "?hostname=a..b",
                                "?hostname=n%C3%A4s.mynas.test", "?hostname=nas1.mynas.test%0d%0agood"}) {
    CAPTURE(bad);
    CHECK(door.update(bad) == "notfqdn\n");
  }
  CHECK(door.update("?hostname=nas1.example.com&myip=5.6.7.8") == "nohost\n");
  std::string many = "?hostname=nas1.mynas.test";
  for (int i = 0; i < 20; ++i) many += ",nas1.mynas.test";
  CHECK(door.update(many + "&myip=5.6.7.8") == "numhost\n");
  for (const auto* const bad :
       {"192.168.1.2", "203.0.113.1", "home", "5.6.7.8,5.6.7.9", "fe80::1", "5.6.7.8:80"}) {
    CAPTURE(bad);
    CHECK(door.update(std::string(host) + "&myip=" + bad) == "dnserr\n");
  }
  CHECK(door.zone() == Records{{"5.6.7.8"}, {}});
  door.world.dns.failing = true;
  CHECK(door.update(std::string(host) + "&myip=5.6.7.9") == "dnserr\n");
  door.world.dns.failing = false;
  CHECK(door.update(std::string(host) + "&myip=5.6.7.9") == "good 5.6.7.9\n");
  auto anonymous = door.world.call({"GET",
                                    "/nic/update?hostname=nas1.mynas.test",
                                    {{"Authorization", "Basic " + base64("nas1:" + door.token)}},
                                    {},
                                    "5.6.7.8",
                                    {}});
  CHECK(anonymous.body == "badagent\n");
}

TEST_CASE("dyndns2: the token opens this name and nothing else, and only the token does") {
  Door door;
  CHECK(door.call(host, "nas1.mynas.test", door.token).body == "good 5.6.7.20\n");
  CHECK(door.call(host, "NAS1", door.token).body == "nochg 5.6.7.20\n");
  Nas other(door.world);
  other.enroll();
  REQUIRE(other.call("PUT", "/v1/name", R"({"name":"nas2"})").status == 200);
  const auto wrong = door.call("?hostname=nas2.mynas.test", "nas2", door.token);
  CHECK(wrong.status == 401);
  CHECK(wrong.body == "badauth\n");
  CHECK(header(wrong.headers, "WWW-Authenticate"));
  CHECK(door.call(host, "nas1", "secret").body == "badauth\n");
  CHECK(door.call(host, "nas1", "").body == "badauth\n");
  CHECK(door.call(host, "nas1", std::string(64, '0')).body == "badauth\n");
  CHECK(door.call(host, "alice", "secret").body == "badauth\n");
  CHECK(door.world.get(std::string("/nic/update") + host).body == "badagent\n");
  // It is no session, no access token and no bearer token.
  Nas thief(door.world);
  CHECK(thief.simpleenroll(door.token).status == 401);
  CHECK(door.world.cloud.rows_of(door.token).empty());
  CHECK(door.browser.get("/account/device?device_id=" + door.nas.device_id).body.find(door.token) ==
        std::string::npos);
}

TEST_CASE("dyndns2: guessing is limited by source, and does not lock the owner's client out") {
  Door door;
  for (int i = 0; i < 10; ++i) CHECK(door.call(host, "nas1", "guess", "5.6.7.66").status == 401);
  CHECK(door.call(host, "nas1", door.token, "5.6.7.66").body == "abuse\n");
  CHECK(door.update(host) == "good 5.6.7.20\n");
  door.world.clock.advance(10 * minute);
  CHECK(door.call(host, "nas1", "guess", "5.6.7.66").body == "badauth\n");
}

TEST_CASE("dyndns2: a client that asks without a change is refused for an hour") {
  Door door;
  CHECK(door.update(std::string(host) + "&myip=5.6.7.8") == "good 5.6.7.8\n");
  for (int i = 0; i < 10; ++i) CHECK(door.update(std::string(host) + "&myip=5.6.7.8") == "nochg 5.6.7.8\n");
  CHECK(door.update(std::string(host) + "&myip=5.6.7.8") == "abuse\n");
  CHECK(door.update(std::string(host) + "&myip=5.6.7.9") == "abuse\n");
  CHECK(door.browser.get("/account/device?device_id=" + door.nas.device_id).body.find("Refused until") !=
        std::string::npos);
  door.world.clock.advance(hour - 1);
  CHECK(door.update(std::string(host) + "&myip=5.6.7.9") == "abuse\n");
  door.world.clock.advance(1);
  CHECK(door.update(std::string(host) + "&myip=5.6.7.9") == "good 5.6.7.9\n");
  // A new token is a new client.
  for (int i = 0; i < 11; ++i) door.update(std::string(host) + "&myip=5.6.7.9");
  CHECK(door.update(std::string(host) + "&myip=5.6.7.10") == "abuse\n");
  door.token = door.make();
  CHECK(door.update(std::string(host) + "&myip=5.6.7.10") == "good 5.6.7.10\n");
}

TEST_CASE("dyndns2: two clients that overwrite each other are stopped, too") {
  Door door;
  int good = 0;
  for (int i = 0; i < 100; ++i)
    good += door.update(std::string(host) + "&myip=5.6.7." + std::to_string(1 + i % 2)).starts_with("good");
  CHECK(good == 60);
  CHECK(door.update(std::string(host) + "&myip=5.6.7.1") == "abuse\n");
}

TEST_CASE("dyndns2: a token dies with rename, release, revocation by the owner, erasure, removal") {
  for (const std::string how :
       {"rename", "release", "revoke token", "erase", "remove", "revoke NAS", "replace"}) {
    CAPTURE(how);
    Door door;
    CHECK(door.update(std::string(host) + "&myip=5.6.7.8") == "good 5.6.7.8\n");
    const auto& id = door.nas.device_id;
    if (how == "rename") door.nas.call("PUT", "/v1/name", R"({"name":"nas2"})");
    if (how == "release") door.nas.call("DELETE", "/v1/name");
    if (how == "revoke token")
      CHECK(door.browser.change("/account/token", id, "&action=revoke").status == 303);
    if (how == "erase") CHECK(door.nas.erase("11111111-1111-4111-8111-111111111111", "ddns").status == 201);
    if (how == "remove") CHECK(door.browser.change("/account/remove", id).status == 200);
    if (how == "revoke NAS") CHECK(door.world.cloud.revoke(id));
    if (how == "replace") door.make();
    for (const auto* const name : {"nas1", "nas2"}) {
      const auto late =
          door.call("?myip=5.6.7.9&hostname=" + std::string(name) + ".mynas.test", name, door.token);
      CHECK(late.body == "badauth\n");
    }
    // Not even if the name comes back.
    if (how == "release" || how == "rename") door.nas.call("PUT", "/v1/name", R"({"name":"nas1"})");
    CHECK(door.update(host) == "badauth\n");
  }
}

TEST_CASE("dyndns2: no name, no token; and not for another account's NAS") {
  World world;
  Nas nas(world);
  nas.enroll();
  Browser browser{world};
  browser.sign_in();
  CHECK(browser.change("/account/token", nas.device_id, "&action=make").status == 409);
  REQUIRE(world.cloud.add_account("mallory", "secret"));
  nas.call("PUT", "/v1/name", R"({"name":"nas1"})");
  browser.cookie.clear();
  browser.sign_in("mallory");
  CHECK(browser.change("/account/token", nas.device_id, "&action=make").status == 404);
  CHECK(browser.post("/account/token", "action=make&device_id=" + nas.device_id).status == 403);
}
