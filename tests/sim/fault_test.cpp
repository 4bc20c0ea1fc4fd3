// Single faults, each in a short life of its own.
#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "tests/sim/home.hpp"

using namespace std::chrono_literals;
using sim::Home;
using sim::House;
using sim::Task;

TEST_CASE("L1: 24 hours without a change: no update, and the name answers") {
  Home home(1);
  REQUIRE(home.answer() == "5.6.7.10");
  auto before = home.world.host.cloud.stats();
  home.pass(std::chrono::hours(24));
  auto after = home.world.host.cloud.stats();
  CHECK(after.ddns_updates == before.ddns_updates);
  CHECK(after.ddns_noops == 0);
  CHECK(home.answer() == "5.6.7.10");
}

TEST_CASE("L1: a silent change of the router's address is followed within 45 s") {
  Home home(2);
  for (int i = 0; i < 20; ++i) {
    auto address = "5.6.9." + std::to_string(10 + i);
    home.house.set_public_address(address, false);
    home.pass(45s);
    CHECK(home.answer() == address);
    home.pass(10min);
  }
  CHECK(home.world.host.cloud.stats().ddns_noops == 0);
}

TEST_CASE("L1: an address of its own is followed within 2 s") {
  Home home(3);
  for (int i = 0; i < 20; ++i) {
    auto address = "5.6.10." + std::to_string(10 + i);
    home.house.set_public_address(address, true);
    home.pass(2s);
    CHECK(home.answer() == address);
    home.pass(10min);
  }
}

TEST_CASE("A5: switched off during an outage of a month, settled after it, once") {
  Home home(4);
  home.house.net.faults.down = true;
  home.world.play([](House* h) -> Task<void> { co_await h->disable(); }(&home.house));
  CHECK(home.house.agent->outbox.open.get().size() == 1);
  home.pass(std::chrono::hours(24 * 30));
  CHECK(home.shows("order_overdue"));
  CHECK(home.answer() == "5.6.7.10");  // nobody could tell the cloud
  home.house.net.faults = {};
  home.pass(std::chrono::hours(25));
  CHECK(home.house.agent->outbox.open.get().empty());
  CHECK(home.answer().empty());
  CHECK(home.world.host.cloud.stats().erasures == 1);
}

TEST_CASE("A5: a receipt with a broken signature is refused, and the order stays open") {
  Home home(5);
  home.house.net.faults.lying = true;
  home.world.play([](House* h) -> Task<void> { co_await h->disable(); }(&home.house));
  home.pass(2min);
  auto open = home.house.agent->outbox.pending();
  for (const auto& order : home.house.agent->outbox.all())
    if (order.receipt) CHECK(static_cast<bool>(home.house.agent->orders.verified(order)));
  home.house.net.faults = {};
  home.pass(std::chrono::hours(25));
  CHECK(home.house.agent->outbox.open.get().empty());
  CHECK(home.world.host.cloud.stats().erasures == 1);
}

TEST_CASE("A1: with everything off and settled not one request leaves in a month") {
  Home home(6);
  home.world.play([](House* h) -> Task<void> { co_await h->disable(); }(&home.house));
  home.pass(1min);
  CHECK(home.house.agent->outbox.open.get().empty());
  home.house.net.allowed.order_open = false;
  auto before = home.world.counters.requests;
  home.pass(std::chrono::hours(24 * 30));
  CHECK(home.world.counters.requests == before);
}

TEST_CASE("a full disk: off is off at once, it is not confirmed, and nothing is lost") {
  Home home(7);
  home.house.disk.full = true;
  home.house.disk.read_only = true;
  bool done = true;
  home.world.play([](House* h, bool* d) -> Task<void> { *d = co_await h->disable(); }(&home.house, &done));
  CHECK_FALSE(done);
  CHECK_FALSE(home.house.agent->switches.on("ddns"));
  auto requests = home.world.counters.requests;
  home.pass(10min);
  CHECK(home.world.counters.requests == requests);
  CHECK(!home.answer().empty());  // the cloud was told nothing
  home.house.disk.full = home.house.disk.read_only = false;
  home.world.play([](House* h, bool* d) -> Task<void> { *d = co_await h->disable(); }(&home.house, &done));
  CHECK(done);
  CHECK(home.answer().empty());
}

TEST_CASE("status: cloud down, DNS failing, revoked, removed, name lost, clock off") {
  Home home(8);
  CHECK_FALSE(home.shows("cloud_unreachable"));
  SUBCASE("cloud down") {
    home.house.net.faults.down = true;
    home.house.net.break_connections();
    home.pass(3min);
    CHECK(home.shows("cloud_unreachable"));
    home.house.net.faults = {};
    home.pass(10min);
    CHECK_FALSE(home.shows("cloud_unreachable"));
  }
  SUBCASE("DNS failing") {
    home.house.net.faults.dns_down = true;
    home.house.net.break_connections();
    home.pass(3min);
    CHECK(home.shows("dns_failing"));
  }
  SUBCASE("no network") {
    home.house.platform.set_routes(false, false);
    home.pass(1s);
    CHECK(home.shows("no_network"));
  }
  SUBCASE("revoked") {
    home.world.host.cloud.revoke(home.house.device_id());
    home.pass(10s);
    CHECK(home.shows("certificate_revoked"));
  }
  SUBCASE("removed on the account's page") {
    home.world.host.cloud.remove(home.house.device_id());
    home.pass(10s);
    CHECK(home.shows("device_removed"));
  }
  SUBCASE("name lost") {
    home.world.host.cloud.rename(home.house.device_id(), std::nullopt);
    home.pass(10s);
    CHECK(home.shows("name_lost"));
  }
  SUBCASE("clock a year off") {
    home.house.clock.error = std::chrono::hours(24 * 365);
    home.house.net.break_connections();
    home.pass(2min);
    CHECK(home.shows("clock_wrong"));
    CHECK(home.answer() == "5.6.7.10");
  }
  SUBCASE("an order pending") {
    home.house.net.faults.down = true;
    home.world.play([](House* h) -> Task<void> { co_await h->disable(); }(&home.house));
    CHECK(home.shows("order_pending"));
    home.house.net.faults = {};
    home.pass(std::chrono::hours(1));
  }
}

TEST_CASE("R1: an expired certificate is renewed after months off") {
  Home home(9);
  home.world.play([](House* h) -> Task<void> {
    co_await h->shut_down();
    co_await h->clock.sleep_for(std::chrono::hours(24 * 100));
  }(&home.house));
  REQUIRE(home.house.start());
  home.house.set_public_address("5.6.11.11", false);
  home.pass(10min);
  CHECK(home.answer() == "5.6.11.11");
}

TEST_CASE("A1 A5: commands that meet do not see each other half done") {
  Home home(10);
  int done = 0;
  std::size_t orders = 0;
  for (int i = 0; i < 3; ++i)
    boost::asio::co_spawn(
        home.world.io,
        [](House* h, int* n) -> Task<void> {
          co_await h->disable();
          ++*n;
        }(&home.house, &done),
        boost::asio::detached);
  for (int i = 0; i < 2; ++i)
    boost::asio::co_spawn(
        home.world.io,
        [](House* h, int* n, std::size_t* filed) -> Task<void> {
          auto order = co_await h->owner->unregister(std::chrono::seconds(5));
          if (order && *order) ++*filed;
          ++*n;
        }(&home.house, &done, &orders),
        boost::asio::detached);
  home.house.net.allowed.order_open = true;
  home.pass(1min);
  home.house.reconcile();
  home.house.net.allowed.order_open = true;
  CHECK(done == 5);
  CHECK(orders == 1);
  CHECK(home.house.agent->outbox.all().size() == 2);
  home.pass(1min);
  CHECK(home.house.agent->outbox.open.get().empty());
  CHECK(home.answer().empty());
}

TEST_CASE("L1: a box with IPv6 only is found, and hangs quietly") {
  Home home(11);
  home.house.set_public_address("2a0b:77::5", true);
  home.pass(1min);
  CHECK(home.answer() == "5.6.7.10");  // IPv4 may come back in a moment
  home.pass(4min);
  auto at = home.world.host.dns.zone.find("home.mynas.test");
  REQUIRE(at != home.world.host.dns.zone.end());
  REQUIRE(at->second.aaaa.size() == 1);
  CHECK(at->second.aaaa.front() == "2a0b:77::5");
  CHECK(at->second.a.empty());
  auto before = home.world.counters.requests;
  home.pass(std::chrono::hours(24));
  CHECK(home.world.counters.requests - before < 10);
}

TEST_CASE("a cloud that does not wait when asked to is not hammered") {
  Home home(12);
  home.house.net.faults.lying = true;
  home.house.net.break_connections();
  auto before = home.world.counters.requests;
  home.pass(std::chrono::hours(24));
  CHECK(home.world.counters.requests - before < 2500);
  home.house.net.faults = {};
  home.pass(1h);
}
