// What relays ask of the cloud.
#include <doctest/doctest.h>

#include "tests/cloud/test/world.hpp"

namespace refcloud::test {
namespace {

struct Door : World {
  Door() : nas(*this) {
    nas.enroll();
    cloud.rename(nas.device_id, "nas1");
    ask("/relay/started", {{"relay", "relay-a"}, {"ipv4", "5.6.8.2"}, {"ipv6", nullptr}});
  }
  Reply call_relay(const std::string& target, const json::object& body) {
    return cloud.relay(
        {"POST", target, {{"Content-Type", "application/json"}}, json::serialize(body), "", {}});
  }
  json::object ask(const std::string& target, const json::object& body) {
    auto reply = call_relay(target, body);
    auto* response = std::get_if<Response>(&reply);
    REQUIRE(response);
    REQUIRE(response->status == 200);
    return body_of(*response);
  }
  std::int64_t attach() {
    return ask("/relay/attach", {{"relay", "relay-a"}, {"device_id", nas.device_id}, {"seen", "5.6.7.8"}})
        .at("news")
        .as_int64();
  }
  Reply news(std::int64_t told) {
    return call_relay("/relay/news",
                      {{"relay", "relay-a"}, {"attached", json::object{{nas.device_id, told}}}});
  }
  Nas nas;
};

TEST_CASE("relay door: what a box was told of is no news; what comes later ends the wait") {
  Door door;
  auto told = door.attach();
  auto reply = door.news(told);
  auto* hang = std::get_if<Hang>(&reply);
  REQUIRE(hang);
  CHECK(hang->device_id.empty());  // every change concerns it
  CHECK_FALSE(door.cloud.recheck(*hang));
  door.cloud.rename(door.nas.device_id, "nas2");
  auto answer = door.cloud.recheck(*hang);
  REQUIRE(answer);
  auto newer = body_of(*answer).at("news").as_object();
  REQUIRE(newer.contains(door.nas.device_id));
  CHECK(newer.at(door.nas.device_id).as_int64() > told);
  CHECK(std::holds_alternative<Hang>(door.news(newer.at(door.nas.device_id).as_int64())));
}

TEST_CASE("relay door: a box that was revoked or removed is gone, told at once") {
  for (bool removed : {false, true}) {
    Door door;
    auto reply = door.news(door.attach());
    auto* hang = std::get_if<Hang>(&reply);
    REQUIRE(hang);
    if (removed)
      door.cloud.remove(door.nas.device_id);
    else
      door.cloud.revoke(door.nas.device_id);
    auto answer = door.cloud.recheck(*hang);
    REQUIRE(answer);
    CHECK(body_of(*answer).at("gone") == json::value(json::array{json::value(door.nas.device_id)}));
  }
}

TEST_CASE("relay door: without news the answer comes after 25 s, or at once if the relay does not wait") {
  Door door;
  auto told = door.attach();
  auto reply = door.news(told);
  auto* hang = std::get_if<Hang>(&reply);
  REQUIRE(hang);
  door.clock.advance(24);
  CHECK_FALSE(door.cloud.recheck(*hang));
  door.clock.advance(1);
  CHECK(door.cloud.recheck(*hang));
  json::object body{
      {"relay", "relay-a"}, {"attached", json::object{{door.nas.device_id, told}}}, {"hold", 0}};
  auto at_once = door.ask("/relay/news", body);
  CHECK(at_once.at("gone").as_array().empty());
  CHECK(at_once.at("news").as_object().empty());
}

TEST_CASE("relay door: only a box that everyone may look up has the relay in public DNS") {
  Door door;
  door.attach();
  CHECK(door.dns.zone.at("nas1.mynas.test").a == std::vector<std::string>{"5.6.8.2"});
  CHECK(door.dns.zone.at("*.nas1.mynas.test").a == std::vector<std::string>{"5.6.8.2"});
  for (auto* audience : {"owner", "invited"}) {
    auto body = json::serialize(json::object{{"audience", audience}, {"invited", json::array{}}});
    REQUIRE(door.nas.call("PUT", "/v1/audience", body).status == 200);
    for (auto* name : {"nas1.mynas.test", "*.nas1.mynas.test"}) {
      auto found = door.dns.zone.find(name);
      CHECK((found == door.dns.zone.end() || found->second.a.empty()));
    }
  }
  REQUIRE(door.nas.call("PUT", "/v1/audience", R"({"audience":"everyone","invited":[]})").status == 200);
  CHECK(door.dns.zone.at("nas1.mynas.test").a == std::vector<std::string>{"5.6.8.2"});
  CHECK(door.dns.zone.at("*.nas1.mynas.test").a == std::vector<std::string>{"5.6.8.2"});
}

// Two relays hold the box; time passes in steps of housekeeping, and those named ask for news meanwhile.
struct TwoRelays : Door {
  TwoRelays() {
    ask("/relay/started", {{"relay", "relay-b"}, {"ipv4", "5.6.8.3"}, {"ipv6", nullptr}});
    attach();
    ask("/relay/attach", {{"relay", "relay-b"}, {"device_id", nas.device_id}, {"seen", "5.6.7.8"}});
    cloud.tick();
  }
  void poll(const std::string& relay, const json::object& attached) {
    call_relay("/relay/news", {{"relay", relay}, {"attached", attached}, {"hold", 0}});
  }
  void pass(Seconds span, const std::vector<std::string>& speaking) {
    for (Seconds i = 0; i < span; i += 2) {
      for (const auto& relay : speaking) poll(relay, {{nas.device_id, 1}});
      clock.advance(2);
      cloud.tick();
    }
  }
  using Addresses = std::vector<std::string>;
  Addresses found(const std::string& name = "nas1.mynas.test") {
    auto at = dns.zone.find(name);
    return at == dns.zone.end() ? Addresses{} : at->second.a;
  }
};

TEST_CASE("relay door: names do not lead to a relay that has fallen silent, until it speaks again") {
  TwoRelays door;
  const TwoRelays::Addresses both{"5.6.8.2", "5.6.8.3"}, one{"5.6.8.2"};
  door.pass(600, {"relay-a", "relay-b"});
  CHECK(door.found() == both);
  door.pass(50, {"relay-a"});
  CHECK(door.found() == both);
  door.pass(20, {"relay-a"});
  CHECK(door.found() == one);
  CHECK(door.found("*.nas1.mynas.test") == one);
  SUBCASE("it still has the box") {
    door.poll("relay-b", {{door.nas.device_id, 1}});
    CHECK(door.found() == both);
    CHECK(door.found("*.nas1.mynas.test") == both);
  }
  SUBCASE("the box has left it meanwhile") {
    door.poll("relay-b", {});
    CHECK(door.found() == one);
    CHECK(door.cloud.rows_of("relay-b").count("attachments") == 0);
  }
  SUBCASE("a box that has just come is not on its list yet") {
    door.ask("/relay/attach", {{"relay", "relay-b"}, {"device_id", door.nas.device_id}, {"seen", "5.6.7.9"}});
    door.poll("relay-b", {});
    CHECK(door.found() == both);
  }
  SUBCASE("it has started again") {
    door.ask("/relay/started", {{"relay", "relay-b"}, {"ipv4", "5.6.8.3"}, {"ipv6", nullptr}});
    CHECK(door.found() == one);
    door.ask("/relay/attach", {{"relay", "relay-b"}, {"device_id", door.nas.device_id}, {"seen", "5.6.7.8"}});
    CHECK(door.found() == both);
  }
}

TEST_CASE("relay door: a relay that finishes beside its successor has no say in where the boxes are") {
  TwoRelays door;
  auto of = [&](const char* run, json::object more) {
    json::object body{{"relay", "relay-b"}, {"run", run}};
    for (auto& [name, value] : more) body[name] = value;
    return body;
  };
  const json::object box{{"device_id", door.nas.device_id}},
      coming{{"device_id", door.nas.device_id}, {"seen", "5.6.7.8"}},
      start{{"ipv4", "5.6.8.3"}, {"ipv6", nullptr}};
  for (auto run : {"first", "second"}) {
    door.ask("/relay/started", of(run, start));
    CHECK(door.found().size() == 1);
    door.ask("/relay/attach", of(run, coming));
    CHECK(door.found().size() == 2);
  }
  door.ask("/relay/detach", of("first", box));
  CHECK(door.found().size() == 2);
  auto again = door.call_relay("/relay/attach", of("first", coming));
  CHECK(std::get<Response>(again).status == 409);
  // What it holds does not bring the successor back that is silent.
  door.pass(70, {"relay-a"});
  CHECK(door.found().size() == 1);
  door.ask("/relay/news", of("first", {{"attached", json::object{}}, {"hold", 0}}));
  CHECK(door.found().size() == 1);
  door.ask("/relay/news", of("second", {{"attached", json::object{{door.nas.device_id, 1}}}, {"hold", 0}}));
  CHECK(door.found().size() == 2);
  door.ask("/relay/detach", of("second", box));
  CHECK(door.found().size() == 1);
}

TEST_CASE("relay door: boxes that come and go are a sign of life as well") {
  TwoRelays door;
  for (int i = 0; i < 10; ++i) {
    door.pass(40, {"relay-a"});
    door.ask(i % 2 == 0 ? "/relay/detach" : "/relay/attach",
             i % 2 == 0 ? json::object{{"relay", "relay-b"}, {"device_id", "another"}}
                        : json::object{
                              {"relay", "relay-b"}, {"device_id", door.nas.device_id}, {"seen", "5.6.7.8"}});
  }
  CHECK(door.found().size() == 2);
}

TEST_CASE("relay door: while DNS refuses, names below the box's are not forgotten") {
  Door door;
  door.attach();
  door.dns.failing = true;
  door.ask("/relay/detach", {{"relay", "relay-a"}, {"device_id", door.nas.device_id}});
  door.dns.failing = false;
  door.cloud.tick();
  for (auto* name : {"nas1.mynas.test", "*.nas1.mynas.test"}) {
    auto found = door.dns.zone.find(name);
    CHECK((found == door.dns.zone.end() || found->second.a.empty()));
  }
}

TEST_CASE("relay door: a cloud that was away itself accuses no relay") {
  TwoRelays door;
  door.clock.advance(3600);
  door.cloud.tick();
  CHECK(door.found().size() == 2);
  door.pass(50, {});
  CHECK(door.found().size() == 2);
  door.pass(20, {});
  CHECK(door.found().empty());
}

TEST_CASE("relay door: what cannot be read is refused") {
  Door door;
  for (const json::object& body :
       {json::object{{"relay", "relay-a"}}, json::object{{"relay", "relay-a"}, {"attached", json::array{}}},
        json::object{{"attached", json::object{}}},
        json::object{{"relay", "a"}, {"attached", json::object{}}, {"more", 1}}}) {
    auto reply = door.call_relay("/relay/news", body);
    auto* response = std::get_if<Response>(&reply);
    REQUIRE(response);
    CHECK(response->status == 400);
  }
}

}  // namespace
}  // namespace refcloud::test
