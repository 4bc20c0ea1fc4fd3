// What is held back, for how long, and what is not.
#include "platform/linux/settle.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "platform/local_address.hpp"

using namespace qcloud;

namespace {

struct Bench {
  Settle settle;
  NetState said;
  Millis now{0};
  int changes = 0;

  void kernel(NetState seen) {
    std::stable_sort(seen.addresses.begin(), seen.addresses.end(),
                     [](const auto& a, const auto& b) { return a.address.v6 < b.address.v6; });
    auto next = settle.next(said, std::move(seen), Instant(now));
    changes += !(next == said);
    said = std::move(next);
  }
  bool waits() const { return settle.due().has_value(); }
};

NetState box(std::initializer_list<const char*> addresses, bool route4 = true, bool route6 = true) {
  NetState state;
  for (const char* text : addresses) state.addresses.push_back(local_address(*parse_ip(text), "eth0"));
  state.route4 = route4;
  state.route6 = route6;
  return state;
}

}  // namespace

TEST_CASE("a storm of renewals is one state") {
  Bench b;
  b.kernel(box({"5.6.7.8", "2a0b::1"}));
  CHECK(b.changes == 1);
  for (int i = 0; i < 100; ++i) {
    b.kernel(box({"2a0b::1"}, false));  // address and default route gone
    CHECK(b.waits());
    b.now += Millis(700);
    b.kernel(box({"5.6.7.8", "2a0b::1"}, false));
    b.now += Millis(100);
    b.kernel(box({"5.6.7.8", "2a0b::1"}));
    CHECK_FALSE(b.waits());
    b.now += seconds(2);
  }
  CHECK(b.changes == 1);
}

TEST_CASE("what stays away is told after the patience, not before, and once") {
  Bench b;
  b.kernel(box({"5.6.7.8", "2a0b::1"}));
  b.kernel(box({"5.6.7.8"}, true, false));
  REQUIRE(b.waits());
  CHECK(*b.settle.due() == Instant(Settle::patience));
  b.now = Settle::patience - Millis(1);
  b.kernel(box({"5.6.7.8"}, true, false));
  CHECK(b.said == box({"5.6.7.8", "2a0b::1"}));
  b.now = Settle::patience;
  b.kernel(box({"5.6.7.8"}, true, false));
  CHECK(b.said == box({"5.6.7.8"}, true, false));
  CHECK_FALSE(b.waits());
  CHECK(b.changes == 2);
}

TEST_CASE("what comes is told at once, also while something else is held back") {
  Bench b;
  b.kernel(box({"5.6.7.8"}, true, false));
  b.kernel(box({}, false, false));
  b.kernel(box({"2a0b::1"}, false, true));
  CHECK(b.said == box({"5.6.7.8", "2a0b::1"}));
  CHECK(b.waits());
  b.now = Settle::patience;
  b.kernel(box({"2a0b::1"}, false, true));
  CHECK(b.said == box({"2a0b::1"}, false, true));
}

TEST_CASE("a new address instead of the old one is told at once") {
  Bench b;
  b.kernel(box({"5.6.7.8"}));
  b.kernel(box({}));
  b.kernel(box({"5.6.7.9"}));
  CHECK(b.said == box({"5.6.7.9"}));
  CHECK_FALSE(b.waits());
}

TEST_CASE("the new address came first, then the old one goes: told at once as well") {
  Bench b;
  b.now = hours(1);
  b.kernel(box({"5.6.7.8"}));
  b.now += hours(1);
  b.kernel(box({"5.6.7.8", "5.6.7.9"}));
  b.now += seconds(1);
  b.kernel(box({"5.6.7.9"}));
  CHECK(b.said == box({"5.6.7.9"}));
  SUBCASE("but what came itself may flicker") {
    b.now += seconds(1);
    b.kernel(box({}));
    CHECK(b.said == box({"5.6.7.9"}));
    b.kernel(box({"5.6.7.9"}));
    CHECK_FALSE(b.waits());
  }
  SUBCASE("and what came long ago replaces nothing") {
    b.kernel(box({"5.6.7.9", "5.6.7.10"}));
    b.now += Settle::patience;
    b.kernel(box({"5.6.7.10"}));
    CHECK(b.said == box({"5.6.7.9", "5.6.7.10"}));
  }
}

TEST_CASE("a new temporary address is none that replaces a stable one") {
  Bench b;
  b.kernel(box({"2a0b::1"}));
  auto renewed = box({});
  renewed.addresses.push_back(local_address(*parse_ip("2a0b::77"), "eth0", true));
  b.kernel(renewed);
  CHECK(b.said == box({"2a0b::1"}));
  renewed.addresses.push_back(local_address(*parse_ip("2a0b::1"), "eth0"));
  b.kernel(renewed);
  CHECK(b.said == renewed);
  CHECK_FALSE(b.waits());
}

TEST_CASE("an address whose interface lost its default route keeps it for the patience") {
  Bench b;
  b.kernel(box({"5.6.7.8"}));
  auto cut = box({"5.6.7.8"}, false);
  cut.addresses[0].routed = false;
  b.kernel(cut);
  CHECK(b.said == box({"5.6.7.8"}));
  b.now = Settle::patience;
  b.kernel(cut);
  CHECK(b.said == cut);
}

TEST_CASE("so does a second uplink's address, while the first uplink still leads out") {
  Bench b;
  b.kernel(box({"5.6.7.8", "5.6.8.8"}));
  auto cut = box({"5.6.7.8", "5.6.8.8"});
  cut.addresses[1].routed = false;
  b.kernel(cut);
  CHECK(b.said == box({"5.6.7.8", "5.6.8.8"}));
  b.now = Settle::patience;
  b.kernel(cut);
  CHECK(b.said == cut);
}

TEST_CASE("another uplink that takes over is told after a second; the first may flicker for less") {
  auto uplink = [](const char* text, const char* name) { return local_address(*parse_ip(text), name); };
  NetState both, second;
  both.addresses = {uplink("5.6.7.8", "eth0"), uplink("5.6.8.8", "eth1")};
  second.addresses = {uplink("5.6.8.8", "eth1")};
  both.route4 = second.route4 = true;
  Bench b;
  b.kernel(both);
  b.now += hours(1);
  b.kernel(second);
  REQUIRE(b.waits());
  CHECK(*b.settle.due() == Instant(b.now + Settle::takeover));
  SUBCASE("it stays") {
    b.now += Settle::takeover;
    b.kernel(second);
    CHECK(b.said == second);
    CHECK_FALSE(b.waits());
  }
  SUBCASE("it was a moment") {
    b.now += Settle::takeover - Millis(1);
    b.kernel(both);
    CHECK(b.said == both);
    CHECK(b.changes == 1);
  }
  SUBCASE("both are gone: the first may come back as ever") {
    b.kernel(NetState());
    b.now += Settle::takeover;
    b.kernel(NetState());
    CHECK(b.said == both);
  }
}

TEST_CASE("dual stack in turns: each family is judged by itself") {
  Bench b;
  b.kernel(box({"5.6.7.8", "2a0b::1"}));
  for (int i = 0; i < 20; ++i) {
    b.kernel(box({"5.6.7.8"}, true, false));
    b.now += seconds(2);
    b.kernel(box({"2a0b::1"}, false, true));
    b.now += seconds(2);
    b.kernel(box({"5.6.7.8", "2a0b::1"}));
    b.now += seconds(1);
  }
  CHECK(b.changes == 1);
}

TEST_CASE("a VPN that takes over, or lets go, is told at once") {
  Bench b;
  b.kernel(box({"5.6.7.8"}));
  auto vpn = box({"5.6.7.8"});
  vpn.tunnel4 = true;
  b.kernel(vpn);
  CHECK(b.said == vpn);
  vpn.addresses.clear();
  vpn.tunnel4 = false;  // lets go, and takes an address with it
  b.kernel(vpn);
  CHECK(b.said == vpn);
  b.kernel(box({"5.6.7.8"}));
  CHECK(b.said == box({"5.6.7.8"}));
}
