// Deleting the account (promises A4, K1): the password again, every device, every trace.
#include <algorithm>

#include "tests/cloud/test/browser.hpp"

using namespace refcloud;
using namespace refcloud::test;

namespace {

std::vector<std::string> receipts_in(const std::string& page) {
  std::vector<std::string> out;
  for (auto at = page.find(" readonly>"); at != std::string::npos; at = page.find(" readonly>", at + 1))
    out.push_back(page.substr(at + 10, page.find('<', at + 10) - at - 10));
  return out;
}

}  // namespace

TEST_CASE("A4 K1: an account is deleted with all its devices, and no row holds it any more") {
  World world;
  REQUIRE(world.cloud.add_account("bob@example.com", "secret"));
  Nas first(world), second(world), other(world);
  first.enroll("bob@example.com");
  second.enroll("bob@example.com");
  other.enroll("alice");
  first.call("PUT", "/v1/name", R"({"name":"bobs"})");
  first.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":null})");
  second.call("PUT", "/v1/audience", R"({"audience":"invited","invited":["alice"]})");
  other.call("PUT", "/v1/name", R"({"name":"alices"})");
  other.call("PUT", "/v1/audience", R"({"audience":"invited","invited":["bob@example.com","carol"]})");
  // An approval that is under way, a token of each kind, a second session.
  const auto open = device_auth(world);
  REQUIRE(world.cloud.approve(text(open.at("user_code")), "bob@example.com"));
  const auto program = body_of(world.form("/device/auth", "client_id=qcloud-lookup&scope=lookup"));
  REQUIRE(world.cloud.approve(text(program.at("user_code")), "bob@example.com"));
  const auto redeemed = device_auth(world);
  REQUIRE(world.cloud.approve(text(redeemed.at("user_code")), "bob@example.com"));
  const auto token = text(body_of(poll(world, redeemed)).at("access_token"));
  Browser browser{world};
  browser.sign_in("bob@example.com");
  Browser elsewhere{world};
  elsewhere.sign_in("bob@example.com");
  REQUIRE(browser.change("/account/token", first.device_id, "&action=make").status == 200);

  std::vector<std::string> woken;
  world.cloud.set_on_change([&](const std::string& device) { woken.push_back(device); });
  const auto hang = first.watch("?seen=5.6.7.8&cursor=99");
  REQUIRE(std::holds_alternative<Hang>(hang));

  CHECK(browser.get("/account/delete").status == 200);
  CHECK(browser.post("/account/delete", "csrf=" + browser.csrf()).status == 403);
  CHECK(browser.post("/account/delete", "csrf=" + browser.csrf() + "&password=wrong").status == 403);
  CHECK(world.cloud.devices_of("bob@example.com").size() == 2);
  const auto done = browser.post("/account/delete", "csrf=" + browser.csrf() + "&password=secret");
  REQUIRE(done.status == 200);
  CHECK(header(done.headers, "Set-Cookie")->starts_with("qc_session=; "));
  CHECK(done.body.find("bob@example.com") == std::string::npos);

  for (const auto& trace : {std::string("bob"), first.device_id, second.device_id, first.jkt(), second.jkt(),
                            std::string("bobs")}) {
    CAPTURE(trace);
    CHECK(world.cloud.rows_of(trace).empty());
  }
  CHECK(world.dns.zone.empty());
  CHECK(body_of(other.call("GET", "/v1/audience")).at("invited") == json::array{"carol"});

  // Each box hears of it at once, with its own receipt.
  std::sort(woken.begin(), woken.end());
  auto both = std::vector{first.device_id, second.device_id};
  std::sort(both.begin(), both.end());
  CHECK(woken == both);
  const auto receipts = receipts_in(done.body);
  REQUIRE(receipts.size() == 3);
  CHECK(problem_of(*world.cloud.recheck(std::get<Hang>(hang))) == "device-removed");
  CHECK(text(body_of(first.call("GET", "/v1/device")).at("receipt")) == receipts[0]);
  CHECK(text(body_of(second.call("GET", "/v1/device")).at("receipt")) == receipts[1]);
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(verified_receipt(world, receipts[i]).at("scope") == json::array{"registration"});
  const auto own = verified_receipt(world, receipts[2]);
  CHECK(own.at("scope") == json::array{"account"});
  CHECK(text(own.at("sub")) == sha256_hex("bob@example.com"));
  std::map<std::string, std::int64_t> erased;
  for (const auto& store : own.at("stores").as_array())
    erased[text(store.at("name"))] = store.at("records").to_number<std::int64_t>();
  CHECK(erased == std::map<std::string, std::int64_t>{{"session", 2},
                                                      {"lookup_token", 0},
                                                      {"approval", 2},
                                                      {"approval_token", 1},
                                                      {"invitation", 1},
                                                      {"account", 1}});
  for (const auto& kept : own.at("retained").as_array())
    CHECK(*parse_rfc3339(text(kept.at("until"))) <= world.clock.now() + 180 * day);

  // No way back in: no session, no password, no approval that was under way.
  CHECK(browser.get("/account").status == 303);
  CHECK(elsewhere.get("/account").status == 303);
  CHECK(browser.post("/login", "login=bob@example.com&password=secret").status == 403);
  Nas late(world);
  CHECK(late.simpleenroll(token).status == 401);
  CHECK(text(body_of(poll(world, open)).at("error")) == "invalid_grant");
  // What is kept ends by itself.
  world.clock.advance(180 * day);
  world.cloud.run_retention();
  for (const auto* const table : {"receipts", "backups", "tombstones", "attempts"})
    CHECK(world.cloud.rows_of("-").count(table) == 0);
}

TEST_CASE("an account of the same name later inherits nothing") {
  World world;
  REQUIRE(world.cloud.add_account("bob", "secret"));
  Nas other(world);
  other.enroll("alice");
  other.call("PUT", "/v1/name", R"({"name":"alices"})");
  other.call("PUT", "/v1/audience", R"({"audience":"invited","invited":["bob"]})");
  Nas own(world);
  own.enroll("bob");
  Browser browser{world};
  browser.sign_in("bob");
  REQUIRE(browser.post("/account/delete", "csrf=" + browser.csrf() + "&password=secret").status == 200);
  REQUIRE(world.cloud.add_account("Bob", "secret"));
  browser.cookie.clear();
  browser.sign_in("BOB");
  CHECK(browser.get("/account").body.find("No NAS is registered") != std::string::npos);
  CHECK(browser.get("/lookup?name=alices").status == 404);
  CHECK(problem_of(own.call("GET", "/v1/device")) == "device-removed");
}

TEST_CASE("deleting an account does not wait for DNS, and its password cannot be guessed there") {
  World world;
  Nas nas(world);
  nas.enroll();
  nas.call("PUT", "/v1/name", R"({"name":"nas1"})");
  nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":null})");
  Browser browser{world};
  browser.sign_in();
  const auto csrf = browser.csrf();
  for (int i = 0; i < 10; ++i)
    CHECK(browser.post("/account/delete", "password=no&csrf=" + csrf).status == 403);
  CHECK(browser.post("/account/delete", "password=secret&csrf=" + csrf).status == 429);
  CHECK(browser.post("/login", "login=alice&password=secret").status == 429);
  world.clock.advance(10 * minute);
  world.dns.failing = true;
  CHECK(browser.post("/account/delete", "password=secret&csrf=" + csrf).status == 200);
  CHECK(world.cloud.stats().accounts == 0);
  world.dns.failing = false;
  world.cloud.tick();
  CHECK(world.dns.zone.empty());
}

TEST_CASE("account names: one account for all cases, no letter of another alphabet, no blank") {
  World world;
  CHECK_FALSE(world.cloud.add_account("Alice", "x"));
  for (const auto* const bad : {"", "ab", "a b c", "\xd0\xb0lice", "alice\n",
                                "ali\x7f"
                                "ce"}) {
    CAPTURE(bad);
    CHECK_FALSE(world.cloud.add_account(bad, "x"));
  }
  CHECK_FALSE(world.cloud.add_account(std::string(65, 'a'), "x"));
  Browser browser{world};
  browser.sign_in("ALICE");
  CHECK(browser.get("/account").body.find(">alice<") != std::string::npos);
}
