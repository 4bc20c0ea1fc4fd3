// What holds for the decision whatever comes in, possible or not.
#include <doctest/doctest.h>

#include <algorithm>

#include "agent/features/ddns/policy.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;
using namespace qcloud::ddns;

namespace {

IpAddress ip(std::string_view text) {
  auto address = parse_ip(text);
  REQUIRE(address);
  return *address;
}

}  // namespace

TEST_CASE("L1 ddns: for any input: no no-op report, nothing unreachable, nothing that nobody claims") {
  unit::SeededRng rng(81);
  const std::vector<const char*> pool = {
      "5.6.7.8",     "5.6.9.9",     "9.9.9.9",     "192.168.1.5", "10.0.0.1",  "100.64.3.4",
      "169.254.1.1", "203.0.113.9", "127.0.0.1",   "0.0.0.0",     "224.0.0.1", "255.255.255.255",
      "2a0b:1:2::5", "2a0b:1:2::6", "2a0b:9:9::5", "fe80::1",     "fd00::1",   "2001:db8::1",
      "::1",         "ff02::1",     "2002:506::1", "64:ff9b:1::1"};
  auto any4 = [&] { return ip(pool[rng.below(12)]); };
  auto any6 = [&] { return ip(pool[12 + rng.below(10)]); };
  for (int i = 0; i < 20000; ++i) {
    Inputs in;
    for (auto n = rng.below(5); n; --n)
      in.locals.push_back({rng.below(2) ? any4() : any6(), rng.below(3) == 0, rng.below(3) == 0});
    if (rng.below(4)) in.seen4 = Seen{any4(), int(rng.below(4))};
    if (rng.below(4)) {
      in.reported = Reported{};
      if (rng.below(2)) in.reported->v4 = any4();
      if (rng.below(2)) in.reported->v6 = any6();
    }
    in.has_name = rng.below(5) != 0;
    if (rng.below(4) == 0) in.second_hop = any4();
    auto d = decide(in);
    CAPTURE(i);
    if (d.report) {
      REQUIRE(in.has_name);
      REQUIRE(in.reported);
      REQUIRE(d.wanted != *in.reported);
    }
    auto claimed = [&](const IpAddress& address) {
      for (auto& each : in.locals)
        if (each.address == address) return true;
      return in.seen4 && in.seen4->address == address;
    };
    if (d.wanted.v4) {
      REQUIRE(reach_of(*d.wanted.v4) == Reach::global);
      REQUIRE_FALSE(d.wanted.v4->v6);
      // While a second look is due, what stands there stays.
      if (!d.second_look && in.seen4) REQUIRE(claimed(*d.wanted.v4));
      // New addresses need two sources: interface and cloud, or two looks.
      if (!in.reported || in.reported->v4 != d.wanted.v4) {
        REQUIRE(in.seen4);
        REQUIRE(in.seen4->address == *d.wanted.v4);
        bool own = std::any_of(in.locals.begin(), in.locals.end(),
                               [&](auto& l) { return l.address == *d.wanted.v4; });
        REQUIRE((own || in.seen4->votes >= 2));
      }
    }
    if (d.wanted.v6) {
      REQUIRE(reach_of(*d.wanted.v6) == Reach::global);
      REQUIRE(d.wanted.v6->v6);
      REQUIRE(std::any_of(in.locals.begin(), in.locals.end(), [&](auto& l) {
        return l.address == *d.wanted.v6 && !l.temporary && !l.deprecated;
      }));
    }
    // It settles: once reported, the same picture asks for nothing more.
    if (d.report) {
      in.reported = d.wanted;
      auto again = decide(in);
      REQUIRE_FALSE(again.report);
      REQUIRE(again.wanted == d.wanted);
    }
    for (auto& finding : d.findings) REQUIRE(find_in_catalog(finding.code) != nullptr);
  }
}
