// What the owner publishes, through the local API: an allow-list that is kept, saved, brought back, and gone
// with the registration (promise L3: nothing else of the box is led to).
#include <doctest/doctest.h>

#include "tests/app/box_world.hpp"

using namespace qcloud;
namespace json = boost::json;

namespace {

struct World : unit::BoxWorld {
  Result<ApiAnswer> publish(const char* name, json::object body) {
    return call("PUT", std::string("/v1/link/services/") + name, std::move(body));
  }
  json::array services() {
    auto shown = call("GET", "/v1/link/services");
    REQUIRE(shown);
    return shown->body.at("services").as_array();
  }
};

}  // namespace

TEST_CASE_FIXTURE(World, "L3 link: nothing is published until the owner does, and then what the owner said") {
  REQUIRE(start());
  CHECK(services().empty());
  REQUIRE(publish("web", {{"port", 8443}}));
  REQUIRE(publish("ssh", {{"port", 22}, {"tls", "here"}, {"proxy_protocol", true}, {"admin_page", true}}));
  REQUIRE(services().size() == 2);
  CHECK(services()[0].at("name") == "ssh");
  CHECK(services()[0].at("tls") == "here");
  CHECK(services()[0].at("proxy_protocol") == true);
  CHECK(services()[0].at("admin_page") == true);
  CHECK(services()[1].at("tls") == "through");
  CHECK(services()[1].at("address") == "127.0.0.1");
  REQUIRE(publish("web", {{"port", 9443}}));  // again: another port
  CHECK(services().size() == 2);
  CHECK(services()[1].at("port") == 9443);
  // Published again without a word of it, an administration page stays one.
  REQUIRE(publish("ssh", {{"port", 2222}}));
  CHECK(services()[0].at("admin_page") == true);
  REQUIRE(publish("ssh", {{"port", 2222}, {"admin_page", false}}));
  CHECK(services()[0].at("admin_page") == false);
  REQUIRE(call("DELETE", "/v1/link/services/web"));
  CHECK(services().size() == 1);
  auto gone = call("DELETE", "/v1/link/services/web");
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == "link.no_service");
}

TEST_CASE_FIXTURE(World, "L3 link: a service is of this box, and its words are checked") {
  REQUIRE(start());
  for (json::object body :
       {json::object{{"port", 80}, {"address", "192.168.1.1"}}, json::object{{"port", 0}},
        json::object{{"port", 70000}}, json::object{{"port", "80"}}, json::object{},
        json::object{{"port", 80}, {"tls", "none"}}, json::object{{"port", 80}, {"tls", 1}},
        json::object{{"port", 80}, {"admin_page", "yes"}},
        json::object{{"port", 80}, {"address", "127.0.0.1.evil.example"}}}) {
    CAPTURE(body);
    CHECK_FALSE(publish("web", body));
  }
  for (auto name : {"UPPER", "-a", "a-", "a_b", "a.b", "123456789012345678901234567890123"})
    CHECK_FALSE(publish(name, {{"port", 80}}));
  CHECK(services().empty());
  for (int i = 0; i < 32; ++i) REQUIRE(publish(("s" + std::to_string(i)).c_str(), {{"port", 80}}));
  auto full = publish("one-more", {{"port", 80}});
  REQUIRE_FALSE(full);
  CHECK(full.error().code == "link.too_many");
  CHECK(publish("s0", {{"port", 81}}));  // changing one is no new one
}

TEST_CASE_FIXTURE(World, "link: a backup has what is published, and brings it back") {
  REQUIRE(start());
  REQUIRE(publish("web", {{"port", 8443}}));
  REQUIRE(publish("ssh", {{"port", 22}, {"tls", "here"}}));
  auto backup = call("GET", "/v1/settings/backup");
  REQUIRE(backup);
  REQUIRE(call("DELETE", "/v1/link/services/ssh"));
  REQUIRE(publish("other", {{"port", 1234}}));
  auto restored = call("POST", "/v1/settings/restore", {{"backup", backup->body}});
  REQUIRE(restored);
  CHECK(restored->body.at("changed").as_array().size() == 1);
  REQUIRE(services().size() == 2);
  CHECK(services()[0].at("name") == "ssh");
  CHECK(services()[1].at("name") == "web");
  // A backup from before the link says nothing of it.
  auto older = backup->body;
  older.erase("services");
  REQUIRE(call("POST", "/v1/settings/restore", {{"backup", older}}));
  CHECK(services().size() == 2);
  auto lying = backup->body;
  lying["services"] = json::array{json::object{{"name", "web"}, {"port", 80}, {"address", "10.0.0.1"}}};
  CHECK_FALSE(call("POST", "/v1/settings/restore", {{"backup", lying}}));
  CHECK(services().size() == 2);
}

TEST_CASE_FIXTURE(World, "link: a backup with a service twice changes nothing") {
  REQUIRE(start());
  REQUIRE(publish("web", {{"port", 8443}}));
  auto backup = call("GET", "/v1/settings/backup")->body;
  auto one = backup.at("services").as_array()[0];
  backup["services"] = json::array{one, one};
  auto restored = call("POST", "/v1/settings/restore", {{"backup", backup}});
  REQUIRE(restored);
  CHECK(restored->body.at("changed").as_array().empty());
  CHECK(restored->body.at("skipped").as_array().size() == 1);
  CHECK(services().size() == 1);
}

TEST_CASE_FIXTURE(
    World, "L3 link: what is withdrawn is closed also when that cannot be written, and the owner is told") {
  REQUIRE(start());
  REQUIRE(publish("web", {{"port", 8443}}));
  REQUIRE(state.db().run("PRAGMA query_only=1"));
  auto said = call("DELETE", "/v1/link/services/web");
  REQUIRE_FALSE(said);
  CHECK(said.error().code.starts_with("store."));
  CHECK(said.error().detail.find("after a restart it would be again") != std::string::npos);
  CHECK_FALSE(said.error().fix.empty());
  CHECK(services().empty());
  REQUIRE(state.db().run("PRAGMA query_only=0"));
  REQUIRE(call("DELETE", "/v1/link/services/web"));  // again: now it is written
  stop();
  make();
  REQUIRE(start());
  CHECK(services().empty());
}

TEST_CASE_FIXTURE(
    World, "L4 link: visitors who are there are told of with those who left, and their addresses fade too") {
  REQUIRE(start());
  auto visit = [&](const char* service, const char* outcome, std::uint64_t bytes) {
    return link::VisitRecord{clock.wall(), service, "5.6.7.99", seconds(1), bytes, 2 * bytes, outcome, false};
  };
  agent->link.record(visit("web", "served", 100));
  agent->link.visits_there = [there = std::vector{visit("ssh", "still here", 1000)}] { return there; };
  auto state = call("GET", "/v1/link");
  REQUIRE(state);
  CHECK(state->body.at("visits") == 2);
  CHECK(state->body.at("bytes_in") == 1100);
  CHECK(state->body.at("bytes_out") == 2200);
  auto visitors = [&] { return call("GET", "/v1/link/visitors")->body.at("visitors").as_array(); };
  REQUIRE(visitors().size() == 2);
  CHECK(visitors()[0].at("service") == "ssh");
  CHECK(visitors()[0].at("outcome") == "still here");
  CHECK(visitors()[1].at("visitor") == "5.6.7.99");
  clock.advance(days(1) + seconds(1));
  for (const auto& each : visitors()) CHECK(each.at("visitor") != "5.6.7.99");
  agent->link.visits_there = nullptr;
  CHECK(visitors().size() == 1);
}

TEST_CASE_FIXTURE(
    World, "L4 link: visitors' addresses fade after a day, whatever the calendar said when they came") {
  REQUIRE(start());
  auto fades_after = [&](Millis ahead) {
    clock.set_wall(clock.wall() + ahead);
    agent->link.record({clock.wall(), "web", "5.6.7.99", seconds(1), 1, 1, "served", false});
    clock.set_wall(clock.wall() - ahead);
    auto shown = [&] {
      return call("GET", "/v1/link/visitors")->body.at("visitors").as_array()[0].at("visitor");
    };
    Millis waited(0);
    for (; shown() == "5.6.7.99" && waited < days(9); waited += hours(1)) clock.advance(hours(1));
    agent->link.forget_visitors();
    return waited;
  };
  CHECK(fades_after(Millis(0)) == days(1));
  CHECK(fades_after(hours(23)) == days(1));
  CHECK(fades_after(-hours(23)) <= days(1));
  CHECK(fades_after(days(400)) <= days(1));
}

TEST_CASE_FIXTURE(World, "R3 link: what was published goes with the registration") {
  registered();
  REQUIRE(start());
  REQUIRE(publish("web", {{"port", 8443}}));
  REQUIRE(call("DELETE", "/v1/registration"));
  CHECK(services().empty());
}
