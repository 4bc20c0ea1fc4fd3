// The link in a short life of its own, and what rides on it.
#include "tests/sim/home.hpp"

using namespace std::chrono_literals;
using sim::Home;
using sim::House;
using sim::Task;

namespace {

// Found by name and attached to both relays.
struct LinkedHome : Home {
  explicit LinkedHome(std::uint64_t seed) : Home(seed) {
    house.linked = true;
    world.play([](House* h) -> Task<void> { co_await h->enable(); }(&house));
    pass(1min);
    REQUIRE(attached() == std::set<std::string>{"relay-a", "relay-b"});
  }
  std::set<std::string> attached() {
    std::set<std::string> out;
    for (const auto& each : house.agent->link.state.get().attached) out.insert(each.relay);
    return out;
  }
  bool cloud_knows(const std::string& address) { return world.host.cloud.rows_of(address).contains("ddns"); }
  std::uint64_t hung() { return static_cast<std::uint64_t>(world.host.cloud.stats().watches_hung); }
  std::uint64_t looks() { return static_cast<std::uint64_t>(world.host.cloud.stats().watches); }
  // How many requests ten minutes of nudges make the box send.
  std::uint64_t asked_when_nudged() {
    auto before = world.counters.requests;
    for (int i = 0; i < 600; ++i) {
      for (auto& relay : world.host.relays.all)
        for (auto* stream : relay.streams) stream->session().nudge();
      pass(1s);
    }
    return static_cast<std::uint64_t>(world.counters.requests - before);
  }
  std::string fqdn() { return house.agent->identity.registration.get()->fqdn; }
};

}  // namespace

TEST_CASE("link: while it brings the cloud's news, nothing hangs there, and a day costs a handful of looks") {
  LinkedHome home(31);
  auto hung = home.hung(), looks = home.looks();
  auto dials = home.house.net.dials;
  home.pass(24h);
  CHECK(home.hung() == hung);
  CHECK(home.looks() - looks >= 3);  // the safety net
  CHECK(home.looks() - looks <= 6);
  CHECK(home.house.net.dials == dials);
  CHECK(home.cloud_knows("5.6.7.10"));
}

TEST_CASE("link: a silent change of the router's address is known in the cloud within 45 s") {
  LinkedHome home(32);
  for (int i = 0; i < 20; ++i) {
    auto address = "5.6.9." + std::to_string(10 + i);
    home.house.set_public_address(address, false);
    home.pass(45s);
    CHECK(home.cloud_knows(address));
    home.pass(10min);
    CHECK(home.attached().size() == 2);
  }
  CHECK(home.world.host.cloud.stats().ddns_noops == 0);
}

TEST_CASE("link: what happens to the box in the cloud is known at once") {
  LinkedHome home(33);
  for (int i = 0; i < 5; ++i) {
    auto name = "fresh" + std::to_string(i);
    home.world.host.cloud.rename(home.house.device_id(), name);
    home.pass(2s);
    CHECK(home.fqdn() == name + ".mynas.test");
    home.pass(1h);
  }
  home.world.host.cloud.remove(home.house.device_id());
  home.pass(5s);
  CHECK(!home.house.agent->identity.registration.get());
  home.house.all_off();
  auto dials = home.house.net.dials;
  home.pass(2h);
  CHECK(home.house.net.dials == dials);
}

TEST_CASE("link: relays that hear nothing of the cloud say so, and the box waits there itself") {
  LinkedHome home(34);
  auto hung = home.hung();
  home.world.host.relays.deaf(true);
  home.pass(10s);
  CHECK(home.hung() == hung + 1);
  home.world.host.cloud.rename(home.house.device_id(), "deaf");
  home.pass(2s);
  CHECK(home.fqdn() == "deaf.mynas.test");
  hung = home.hung();
  home.world.host.relays.deaf(false);
  home.pass(10s);
  home.world.host.cloud.rename(home.house.device_id(), "hearing");
  home.pass(2s);
  CHECK(home.fqdn() == "hearing.mynas.test");
  CHECK(home.hung() == hung);
}

TEST_CASE(
    "L2 link: a name that is changed or taken away counts at once, also while nobody is found by name") {
  LinkedHome home(43);
  home.house.net.allowed.order_open = true;
  home.world.play([](House* h) -> Task<void> {
    auto done = co_await h->owner->set_switch("ddns", false, 5s);
    CHECK(done);
  }(&home.house));
  home.pass(2min);
  for (const auto* name : {"one", "two"}) {
    home.world.host.cloud.rename(home.house.device_id(), name);
    home.pass(5s);
    CHECK(home.fqdn() == std::string(name) + ".mynas.test");
  }
  home.world.host.cloud.rename(home.house.device_id(), std::nullopt);
  home.pass(5s);
  CHECK(home.fqdn().empty());
  CHECK(home.shows("link_no_name"));
  // And while the box was away.
  const auto id = home.house.device_id();
  home.world.play([](House* h) -> Task<void> { co_await h->shut_down(); }(&home.house));
  CHECK(home.world.host.cloud.rename(id, "three"));
  REQUIRE(home.house.start());
  home.pass(30s);
  CHECK(home.fqdn() == "three.mynas.test");
  // A relay cannot make it ask and ask.
  CHECK(home.asked_when_nudged() < 20);
  // And one that has no news does not keep it from knowing.
  home.world.host.relays.deaf(true);
  home.pass(1min);
  CHECK(home.world.host.cloud.rename(id, "four"));
  home.pass(2h);
  CHECK(home.fqdn() == "four.mynas.test");
}

TEST_CASE("link: a relay that nudges and nudges cannot make the box look and look") {
  LinkedHome home(35);
  CHECK(home.asked_when_nudged() < 40);
  // And its box still hears and is heard.
  home.house.set_public_address("5.6.9.99", false);
  home.pass(5min);
  CHECK(home.cloud_knows("5.6.9.99"));
}

TEST_CASE("link: a relay that gives its word and takes it back cannot make the box ask and ask") {
  LinkedHome home(48);
  auto requests = home.world.counters.requests;
  for (int i = 0; i < 600; ++i) {
    home.world.host.relays.deaf(i % 2 == 0);
    home.pass(1s);
  }
  CHECK(home.world.counters.requests - requests < 60);
  home.house.set_public_address("5.6.9.98", false);
  home.pass(5min);
  CHECK(home.cloud_knows("5.6.9.98"));
}

TEST_CASE(
    "link: a relay that is gone has its attachment back soon after it is there again, and nobody crowds the "
    "other") {
  LinkedHome home(36);
  auto& relays = home.world.host.relays;
  for (bool goodbye : {false, true}) {
    home.pass(10min);
    relays.stop(0, goodbye);
    for (int i = 0; i < 30; ++i) {
      home.pass(1min);
      CHECK(home.attached() == std::set<std::string>{"relay-b"});
    }
    relays.start(0);
    home.pass(65s);  // the longest wait between two dials, and a dial
    CHECK(home.attached().size() == 2);
    CHECK(relays.visit(home.house.device_id(), home.fqdn()) == 2);
  }
  // At most one dial in half a minute on average, all the time.
  CHECK(home.house.net.dials < 200);
}

TEST_CASE("link: a relay that says goodbye to whoever comes is asked less and less often") {
  LinkedHome home(41);
  auto& relays = home.world.host.relays;
  auto dials = home.house.net.dials;
  for (int i = 0; i < 600; ++i) {
    relays.stop(0, true);
    relays.start(0);
    home.pass(1s);
  }
  CHECK(home.house.net.dials - dials > 8);
  CHECK(home.house.net.dials - dials < 60);
  home.pass(65s);
  CHECK(home.attached().size() == 2);
}

TEST_CASE(
    "link: a relay that hangs, while its kernel answers, is found out, and the news come by the other") {
  for (std::size_t hanging : {0, 1}) {
    LinkedHome home(42 + hanging);
    auto& relays = home.world.host.relays;
    auto dials = home.house.net.dials;
    relays.hang(hanging);
    home.pass(21min);
    CHECK(home.attached() == std::set{relays.all[1 - hanging].name});
    home.world.host.cloud.rename(home.house.device_id(), "heard");
    home.pass(2s);
    CHECK(home.fqdn() == "heard.mynas.test");
    home.pass(1h);
    CHECK(home.house.net.dials - dials < 200);
    relays.start(hanging);
    home.pass(80s);
    CHECK(home.attached().size() == 2);
  }
}

TEST_CASE("link: two attachments at the one relay that there is part when there is another") {
  LinkedHome home(45);
  auto& relays = home.world.host.relays;
  auto count = [&] { return home.house.agent->link.state.get().attached.size(); };
  for (bool goodbye : {false, true}) {
    relays.all[0].listed = false;
    relays.stop(0, goodbye);
    home.pass(2min);
    CHECK(count() == 2);
    CHECK(home.attached() == std::set<std::string>{"relay-b"});
    auto attachments = home.house.net.attached;
    auto dials = home.house.net.dials;
    home.pass(2h);
    CHECK(home.house.net.attached == attachments);  // it looks, and gives up nothing for that
    CHECK(home.house.net.dials - dials < 12);
    relays.start(0);
    relays.all[0].listed = true;
    home.pass(16min);
    CHECK(count() == 2);
    CHECK(home.attached() == std::set<std::string>{"relay-a", "relay-b"});
    CHECK(relays.visit(home.house.device_id(), home.fqdn()) == 2);
  }
}

TEST_CASE("link: the relay ends while the box looks for another, which hangs") {
  LinkedHome home(46);
  auto& relays = home.world.host.relays;
  relays.all[0].listed = false;
  relays.stop(0, false);
  home.pass(2min);
  REQUIRE(home.house.agent->link.state.get().attached.size() == 2);
  relays.start(0);
  relays.hang(0);
  relays.all[0].listed = true;
  auto dials = home.house.net.dials;
  for (int i = 0; i < 16 * 60 && home.house.net.dials == dials; ++i) home.pass(1s);
  REQUIRE(home.house.net.dials > dials);
  relays.stop(1, false);  // the look has 15 s
  relays.start(1);
  home.pass(3s);
  CHECK(home.attached() == std::set<std::string>{"relay-b"});
  relays.start(0);
  home.pass(80s);
  CHECK(home.attached() == std::set<std::string>{"relay-a", "relay-b"});
  CHECK(home.house.agent->link.state.get().attached.size() == 2);
}

TEST_CASE(
    "link: the box looks for another relay, which takes the connection and ends it: nothing is given up") {
  LinkedHome home(47);
  auto& relays = home.world.host.relays;
  auto count = [&] { return home.house.agent->link.state.get().attached.size(); };
  relays.all[0].listed = false;
  relays.stop(0, false);
  home.pass(2min);
  REQUIRE(count() == 2);
  relays.all[0].refuses = relays.all[0].listed = true;
  relays.start(0);
  auto attachments = home.house.net.attached;
  for (int i = 0; i < 16 * 60; ++i) {
    home.pass(1s);
    REQUIRE(count() == 2);
  }
  CHECK(home.house.net.attached > attachments);  // it looked
  CHECK(home.attached() == std::set<std::string>{"relay-b"});
  relays.all[0].refuses = false;
  home.pass(16min);
  CHECK(home.attached() == std::set<std::string>{"relay-a", "relay-b"});
}

TEST_CASE("link: another address of the box's own has it attached anew at once") {
  LinkedHome home(37);
  for (int i = 0; i < 10; ++i) {
    auto address = "5.6.10." + std::to_string(10 + i);
    home.house.set_public_address(address, true);
    home.pass(2s);
    CHECK(home.attached().size() == 2);
    CHECK(home.house.agent->link.state.get().seen == address);
    CHECK(home.cloud_knows(address));
    home.pass(10min);
  }
}

TEST_CASE("link: an address that changes and changes makes the box dial at a pace") {
  LinkedHome home(49);
  auto dials = home.house.net.dials;
  for (int i = 0; i < 600; ++i) {
    home.house.set_public_address("5.6.10." + std::to_string(10 + i % 2), true);
    home.pass(1s);
  }
  CHECK(home.house.net.dials - dials > 120);
  CHECK(home.house.net.dials - dials < 400);
  home.pass(10s);
  CHECK(home.attached().size() == 2);
}

TEST_CASE("link: what does not touch the connection's family leaves it alone") {
  LinkedHome home(38);
  auto dials = home.house.net.dials;
  for (int i = 0; i < 10; ++i) {
    home.house.platform.set_addresses({"192.168.1.5", "2a0b:77::" + std::to_string(10 + i)});
    home.pass(1min);
  }
  CHECK(home.house.net.dials == dials);
}

TEST_CASE("link: a router that forgets idle connections is learned") {
  LinkedHome home(39);
  home.house.net.router_forgets = 60s;
  home.house.net.break_connections();
  home.pass(6min);  // the spare is lost once
  auto dials = home.house.net.dials;
  home.pass(24h);
  CHECK(home.house.net.dials == dials);
  CHECK(home.attached().size() == 2);
}

TEST_CASE("A5, A1: the switch takes the attachments out of the cloud, and not one dial follows") {
  LinkedHome home(40);
  auto id = home.house.device_id();
  CHECK(home.world.host.cloud.rows_of(id).contains("attachments"));
  CHECK(home.answer() == "5.6.8.2");
  home.world.play([](House* h) -> Task<void> {
    h->net.allowed.order_open = true;
    auto done = co_await h->owner->set_switch("link", false, 5s);
    CHECK(done);
    h->net.allowed.link = h->confirmed_link = false;
    if (done && done->order) CHECK(done->order->scope == "link");
  }(&home.house));
  home.pass(10s);
  CHECK(!home.world.host.cloud.rows_of(id).contains("attachments"));
  CHECK(home.answer() == "5.6.7.10");
  CHECK(home.house.agent->outbox.open.get().empty());
  int receipts = 0;
  for (const auto& order : home.house.agent->outbox.all())
    if (order.scope == "link" && order.receipt && home.house.agent->orders.verified(order)) ++receipts;
  CHECK(receipts == 1);
  auto dials = home.house.net.dials;
  home.pass(24h * 30);
  CHECK(home.house.net.dials == dials);
}
