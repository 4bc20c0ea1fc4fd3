// What changes around a box: networks that are odd, clocks that are wrong, owners who leave.
#include "tests/sim/home.hpp"

using namespace std::chrono_literals;
using sim::Home;
using sim::House;
using sim::Task;
using sim::World;

TEST_CASE("L1: behind NAT64 the translator's IPv4 address is never published") {
  Home home(13);
  home.house.platform.set_addresses({"2a0b:77::5"});
  home.house.platform.set_routes(false, true);
  home.house.net.set_public_address("5.6.8.64");  // all that the cloud sees is the translator
  for (int i = 0; i < 60; ++i) {
    home.pass(1min);
    CHECK(home.answer() != "5.6.8.64");
  }
  auto at = home.world.host.dns.zone.find("home.mynas.test");
  REQUIRE(at != home.world.host.dns.zone.end());
  CHECK(at->second.a.empty());
  REQUIRE(at->second.aaaa.size() == 1);
  CHECK(at->second.aaaa.front() == "2a0b:77::5");
}

TEST_CASE("L1: a family that flaps does not make the records flap") {
  Home home(14);
  home.house.set_public_address("5.6.12.12", true);
  home.house.platform.set_addresses({"5.6.12.12", "2a0b:77::5"});
  home.pass(1min);
  auto before = home.world.host.cloud.stats().ddns_updates;
  for (int i = 0; i < 20; ++i) {
    home.house.platform.set_addresses({"5.6.12.12"});
    home.pass(70s);
    home.house.platform.set_addresses({"5.6.12.12", "2a0b:77::5"});
    home.pass(70s);
  }
  CHECK(home.world.host.cloud.stats().ddns_updates == before);
  auto& records = home.world.host.dns.zone["home.mynas.test"];
  CHECK(records.a.size() == 1);
  CHECK(records.aaaa.size() == 1);
  // Gone for good, it is withdrawn, once.
  home.house.platform.set_addresses({"5.6.12.12"});
  home.pass(4min);
  CHECK(home.world.host.cloud.stats().ddns_updates == before + 1);
  CHECK(home.world.host.dns.zone["home.mynas.test"].aaaa.empty());
}

TEST_CASE("L1: a storm of changes is not answered with a storm of requests") {
  Home home(15);
  home.house.set_public_address("5.6.13.1", true);
  home.pass(1min);
  auto before = home.world.counters.requests;
  for (int i = 0; i < 6000; ++i) {
    home.house.platform.set_addresses({i % 2 ? "5.6.13.1" : "5.6.13.2"});
    home.pass(100ms);
  }
  CHECK(home.world.counters.requests - before < 500);
  home.house.set_public_address("5.6.13.3", true);
  home.pass(10min);
  CHECK(home.answer() == "5.6.13.3");
}

TEST_CASE("economy: a look every quarter of an hour, nothing stands open, and the name is followed") {
  Home home(16);
  REQUIRE(home.house.agent->settings.set("economy", "on"));
  home.pass(1h);
  auto heartbeats = home.world.counters.heartbeats;
  auto before = home.world.counters.requests;
  home.pass(std::chrono::hours(24));
  auto looks = home.world.counters.requests - before;
  CHECK(looks >= 75);  // 96 a day, a fifth more or less
  CHECK(looks <= 122);
  CHECK(home.world.counters.heartbeats == heartbeats);  // not one of them hung
  CHECK(home.world.host.cloud.stats().ddns_noops == 0);
  // What only the router knows is noticed with the next look; what the kernel knows at once.
  home.house.set_public_address("5.6.14.14", false);
  home.pass(20min);
  CHECK(home.answer() == "5.6.14.14");
  home.house.set_public_address("5.6.14.15", true);
  home.pass(2s);
  CHECK(home.answer() == "5.6.14.15");
  REQUIRE(home.house.agent->settings.set("economy", std::nullopt));
  home.pass(1min);
  CHECK(home.world.counters.heartbeats > heartbeats);
}

TEST_CASE("time: a clock at 1970 or 2040 registers, is found, renews and erases") {
  for (std::int64_t year : {std::int64_t{0}, std::int64_t{2'208'988'800}}) {
    for (bool blessed : {false, true}) {
      CAPTURE(year);
      CAPTURE(blessed);
      World world(17);
      House house(world, "owner", 17);
      house.clock.error = qcloud::from_unix(year) - world.time.wall();
      house.platform.set_clock_synchronized(blessed);
      REQUIRE(house.start());
      bool registered = false;
      world.play([](House* h, bool* done) -> Task<void> {
        *done = co_await h->register_box();
        co_await h->claim("home");
        co_await h->enable();
        co_await h->clock.sleep_for(1min);
      }(&house, &registered));
      REQUIRE(registered);
      CHECK(world.host.dns.zone["home.mynas.test"].a.size() == 1);
      auto renewals = world.counters.renewals;
      world.time.run_until(world.time.now() + std::chrono::hours(24 * 20));
      CHECK(world.counters.renewals >= renewals + 4);  // every 3.5 to 4.2 days
      CHECK(world.counters.renewals <= renewals + 6);
      world.play([](House* h) -> Task<void> { co_await h->disable(); }(&house));
      world.time.run_until(world.time.now() + 1min);
      CHECK(house.agent->outbox.open.get().empty());
      auto truth = world.time.wall();
      for (const auto& order : house.agent->outbox.all()) {
        CHECK(std::chrono::abs(order.submitted - truth) < std::chrono::hours(1));
        CHECK(std::chrono::abs(*order.settled - truth) < std::chrono::hours(1));
      }
      world.play(house.shut_down());
      for (const auto& violation : world.verdict.violations) FAIL_CHECK(violation);
    }
  }
}

TEST_CASE("R3: removed on the account's page: the registration ends by itself, the receipt is kept") {
  Home home(18);
  home.world.host.cloud.remove(home.house.device_id());
  home.pass(30s);
  CHECK_FALSE(home.house.agent->identity.registration.get());
  CHECK_FALSE(home.house.agent->switches.any_on());
  CHECK(home.shows("device_removed"));
  CHECK(home.answer().empty());
  auto kept = home.house.agent->outbox.all();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].scope == "registration");
  CHECK(home.house.agent->orders.verified(kept[0]));
  auto before = home.world.counters.requests;
  home.pass(std::chrono::hours(24 * 30));
  CHECK(home.world.counters.requests == before);
  // It is still said after a restart, and until there is a new registration.
  home.world.play([](House* h) -> Task<void> { co_await h->shut_down(); }(&home.house));
  REQUIRE(home.house.start());
  CHECK(home.shows("device_removed"));
  home.world.play([](House* h) -> Task<void> { co_await h->register_box(); }(&home.house));
  CHECK_FALSE(home.shows("device_removed"));
  CHECK_FALSE(home.house.agent->switches.any_on());
}

TEST_CASE("a lost name is told after a restart, too, and until there is a new one") {
  Home home(19);
  home.world.host.cloud.rename(home.house.device_id(), std::nullopt);
  home.pass(10s);
  REQUIRE(home.shows("name_lost"));
  home.world.play([](House* h) -> Task<void> { co_await h->shut_down(); }(&home.house));
  REQUIRE(home.house.start());
  home.pass(10s);
  CHECK(home.shows("name_lost"));
  home.world.play([](House* h) -> Task<void> { co_await h->claim("other"); }(&home.house));
  home.pass(10s);
  CHECK_FALSE(home.shows("name_lost"));
}
