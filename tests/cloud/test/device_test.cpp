#include <doctest/doctest.h>

#include "tests/cloud/test/world.hpp"

using namespace refcloud;
using namespace refcloud::test;

TEST_CASE("names: the rules") {
  World world;
  Nas nas(world);
  nas.enroll();
  const auto claim = [&](const std::string& name) {
    return nas.call("PUT", "/v1/name", json::serialize(json::object{{"name", name}}));
  };
  for (const auto* const bad : {"", "ab", "-abc", "abc-", "a--b", "12345", "www", "admin", "a.b", "na_s",
                                "n\xc3\xa4s", "abcdefghijklmnopqrstuvwxyz0123456"}) {
    CAPTURE(bad);
    CHECK(problem_of(claim(bad)) == "name-invalid");
  }
  const auto claimed = claim("Nas-1");
  CHECK(claimed.status == 200);
  CHECK(text(body_of(claimed).at("fqdn")) == "nas-1.mynas.test");
  CHECK(claim("nas-1").status == 200);

  Nas other(world);
  other.enroll();
  CHECK(problem_of(other.call("PUT", "/v1/name", R"({"name":"nas-1"})")) == "name-taken");
  CHECK(nas.call("DELETE", "/v1/name").status == 204);
  CHECK(nas.call("DELETE", "/v1/name").status == 204);
  CHECK(other.call("PUT", "/v1/name", R"({"name":"nas-1"})").status == 200);
}

TEST_CASE("addresses are published, moved with the name, and counted") {
  World world;
  Nas nas(world);
  nas.enroll();
  auto answer = body_of(nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":null})"));
  CHECK(answer.at("fqdn").is_null());
  CHECK(answer.at("reported") == json::object{{"ipv4", "5.6.7.8"}, {"ipv6", nullptr}});
  CHECK(answer.at("published").at("a").as_array().empty());
  nas.call("PUT", "/v1/name", R"({"name":"nas1"})");
  CHECK(world.dns.zone["nas1.mynas.test"] == Records{{"5.6.7.8"}, {}});
  nas.call("PUT", "/v1/name", R"({"name":"nas2"})");
  CHECK(world.dns.zone.count("nas1.mynas.test") == 0);
  CHECK(world.dns.zone["nas2.mynas.test"] == Records{{"5.6.7.8"}, {}});

  const auto changes = world.dns.changes;
  answer = body_of(nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":null})"));
  CHECK(answer.at("revision").to_number<int>() == 1);
  CHECK(world.dns.changes == changes);
  CHECK(world.cloud.stats().ddns_noops == 1);
  answer = body_of(nas.call("PUT", "/v1/ddns", R"({"ipv4":null,"ipv6":"2A00:1450:0::1"})"));
  CHECK(answer.at("revision").to_number<int>() == 2);
  CHECK(world.dns.zone["nas2.mynas.test"] == Records{{}, {"2a00:1450::1"}});
  CHECK(world.cloud.stats().ddns_updates == 2);

  CHECK(problem_of(nas.call("PUT", "/v1/ddns", R"({"ipv4":"192.168.1.2","ipv6":null})")) ==
        "address-not-global");
  CHECK(problem_of(nas.call("PUT", "/v1/ddns", R"({"ipv4":"2a00::1","ipv6":null})")) == "address-invalid");
  CHECK(problem_of(nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7","ipv6":null})")) == "address-invalid");
  CHECK(world.dns.zone["nas2.mynas.test"] == Records{{}, {"2a00:1450::1"}});
  world.cloud.revoke(nas.device_id);
  CHECK(world.dns.zone.empty());
}

TEST_CASE("what DNS does not take is not stored") {
  World world;
  Nas nas(world);
  nas.enroll();
  nas.call("PUT", "/v1/name", R"({"name":"nas1"})");
  nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":null})");
  world.dns.failing = true;
  const auto refused = nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.9","ipv6":null})");
  CHECK(refused.status == 503);
  CHECK(problem_of(refused) == "dns-unavailable");
  CHECK(body_of(refused).at("retryable").as_bool());
  CHECK(header(refused.headers, "Retry-After"));
  CHECK(problem_of(nas.call("PUT", "/v1/name", R"({"name":"nas2"})")) == "dns-unavailable");
  CHECK(problem_of(nas.call("DELETE", "/v1/name")) == "dns-unavailable");
  // DNS may have taken it although its answer was lost: the store's truth wins.
  world.dns.zone["nas1.mynas.test"] = {{"5.6.7.9"}, {}};
  world.dns.failing = false;
  world.cloud.tick();
  CHECK(world.dns.zone["nas1.mynas.test"] == Records{{"5.6.7.8"}, {}});
  CHECK(nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.9","ipv6":null})").status == 200);
  CHECK(world.dns.zone.size() == 1);
  CHECK(world.dns.zone["nas1.mynas.test"] == Records{{"5.6.7.9"}, {}});
}

TEST_CASE("whoami shows the source, IPv4-mapped as IPv4") {
  World world;
  Nas nas(world);
  nas.enroll();
  nas.address = "::ffff:5.6.7.8";
  CHECK(text(body_of(nas.call("GET", "/v1/whoami")).at("address")) == "5.6.7.8");
  nas.address = "2A00:0::1";
  CHECK(text(body_of(nas.call("GET", "/v1/whoami")).at("address")) == "2a00::1");
}

TEST_CASE("export: scopes, and what there is") {
  World world;
  Nas nas(world);
  nas.enroll();
  CHECK(body_of(nas.call("GET", "/v1/export?scope=ddns,link,registration")).at("stores") ==
        body_of(nas.call("GET", "/v1/export")).at("stores"));
  CHECK(problem_of(nas.call("GET", "/v1/export?scope=")) == "bad-query");
  CHECK(problem_of(nas.call("GET", "/v1/export?scope=ddns,")) == "bad-query");
  CHECK(problem_of(nas.call("GET", "/v1/export?other=1")) == "bad-query");
  // Each table that knows the device is a store of the export.
  nas.call("PUT", "/v1/name", R"({"name":"nas1"})");
  nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":null})");
  world.cloud.notify(nas.device_id, "hello");
  std::size_t filled = 0;
  const auto all = body_of(nas.call("GET", "/v1/export"));
  for (const auto& store : all.at("stores").as_array()) filled += !store.at("records").as_array().empty();
  CHECK(filled == world.cloud.rows_of(nas.device_id).size());
}

TEST_CASE("watch: answers at once on a new address or an event, else hangs") {
  World world;
  Nas nas(world);
  nas.enroll();
  std::vector<std::string> woken;
  world.cloud.set_on_change([&](const std::string& device) { woken.push_back(device); });
  CHECK(std::holds_alternative<Response>(nas.watch("")));
  CHECK(std::holds_alternative<Response>(nas.watch("?seen=5.6.7.9&hold=60")));

  const auto reply = nas.watch("?seen=5.6.7.8&hold=60");
  REQUIRE(std::holds_alternative<Hang>(reply));
  const auto hang = std::get<Hang>(reply);
  CHECK(hang.until == world.clock.now() + 60);
  CHECK_FALSE(world.cloud.recheck(hang));
  CHECK(world.cloud.notify(nas.device_id, "Update me"));
  CHECK(woken == std::vector{nas.device_id});
  const auto answer = world.cloud.recheck(hang);
  REQUIRE(answer);
  CHECK(header(answer->headers, "Date"));
  CHECK(header(answer->headers, "Content-Length"));
  const auto body = body_of(*answer);
  CHECK(text(body.at("seen")) == "5.6.7.8");
  CHECK(text(body.at("events").as_array().at(0).at("text")) == "Update me");

  const auto cursor = std::to_string(body.at("cursor").as_int64());
  const auto next = nas.watch("?seen=5.6.7.8&hold=60&cursor=" + cursor);
  REQUIRE(std::holds_alternative<Hang>(next));
  world.clock.advance(60);
  const auto timed_out = world.cloud.recheck(std::get<Hang>(next));
  REQUIRE(timed_out);
  CHECK(body_of(*timed_out).at("events").as_array().empty());
  CHECK(std::to_string(body_of(*timed_out).at("cursor").as_int64()) == cursor);

  CHECK(problem_of(nas.call("GET", "/v1/watch?hold=-1")) == "bad-query");
  CHECK(problem_of(nas.call("GET", "/v1/watch?hold=1&hold=2")) == "bad-query");
  CHECK(problem_of(nas.call("GET", "/v1/watch?seen=home")) == "bad-query");
  CHECK(problem_of(nas.call("GET", "/v1/watch?x=1")) == "bad-query");
}

TEST_CASE("watch: renamed, revoked or removed while it hangs") {
  World world;
  Nas nas(world);
  nas.enroll();
  const auto hang = [&](const std::string& cursor) {
    return std::get<Hang>(nas.watch("?seen=5.6.7.8&cursor=" + cursor));
  };
  const auto first = hang("0");
  CHECK(first.until == world.clock.now() + 21600);
  CHECK(world.cloud.rename(nas.device_id, "nas1"));
  CHECK_FALSE(world.cloud.rename(nas.device_id, "www"));
  const auto body = body_of(*world.cloud.recheck(first));
  CHECK(text(body.at("name")) == "nas1");
  CHECK(text(body.at("events").as_array()[0].at("type")) == "name-changed");

  const auto second = hang("99");
  bool woken = false;
  world.cloud.set_on_change([&](const std::string&) { woken = true; });
  world.cloud.revoke(nas.device_id);
  CHECK(woken);
  CHECK(problem_of(*world.cloud.recheck(second)) == "certificate-revoked");
  world.cloud.remove(nas.device_id);
  CHECK(problem_of(*world.cloud.recheck(second)) == "device-removed");
}
