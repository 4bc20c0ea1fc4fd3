// Which addresses stand in the DNS: the table of cases.
#include <doctest/doctest.h>

#include <algorithm>

#include "agent/features/ddns/policy.hpp"

using namespace qcloud;
using namespace qcloud::ddns;

namespace {

IpAddress ip(std::string_view text) {
  auto address = parse_ip(text);
  REQUIRE(address);
  return *address;
}
Local local(std::string_view text, bool temporary = false, bool deprecated = false) {
  return {ip(text), temporary, deprecated};
}
Seen seen(std::string_view text, int votes = 1) { return {ip(text), votes}; }
Reported reported(std::string_view v4, std::string_view v6 = {}) {
  Reported r;
  if (!v4.empty()) r.v4 = ip(v4);
  if (!v6.empty()) r.v6 = ip(v6);
  return r;
}
bool finds(const Decision& decision, std::string_view code) {
  return std::any_of(decision.findings.begin(), decision.findings.end(),
                     [&](const Finding& f) { return f.code == code; });
}
Inputs named() {
  Inputs in;
  in.has_name = true;
  in.reported = Reported{};
  return in;
}

}  // namespace

TEST_CASE("L1 ddns: an own public address is published when interface and cloud agree, at the first look") {
  auto in = named();
  in.locals = {local("5.6.7.8")};
  in.seen4 = seen("5.6.7.8");
  auto d = decide(in);
  CHECK(d.wanted == reported("5.6.7.8"));
  CHECK(d.report);
  CHECK_FALSE(d.second_look);
  in.reported = reported("5.6.7.8");
  d = decide(in);
  CHECK_FALSE(d.report);
  CHECK(d.wanted == reported("5.6.7.8"));
}

TEST_CASE("L1 ddns: behind a router two looks on separate connections must agree") {
  auto in = named();
  in.locals = {local("192.168.1.5")};
  in.seen4 = seen("5.6.7.8", 1);
  auto d = decide(in);
  CHECK_FALSE(d.wanted.v4);
  CHECK_FALSE(d.report);
  CHECK(d.second_look);
  in.seen4 = seen("5.6.7.8", 2);
  d = decide(in);
  CHECK(d.wanted == reported("5.6.7.8"));
  CHECK(d.report);
  CHECK_FALSE(d.second_look);
  CHECK(finds(d, "ddns_behind_router"));
}

TEST_CASE("L1 ddns: behind a router one look at a new address keeps what stands there, and asks again") {
  auto in = named();
  in.locals = {local("192.168.1.5")};
  in.reported = reported("5.6.7.8");
  in.seen4 = seen("5.6.9.9", 1);
  auto d = decide(in);
  CHECK(d.second_look);
  CHECK_FALSE(d.report);
  in.seen4 = seen("5.6.9.9", 2);
  d = decide(in);
  CHECK(d.wanted == reported("5.6.9.9"));
  CHECK(d.report);
}

TEST_CASE("L1 ddns: behind a router, what stands there needs no second look while it is still seen") {
  auto in = named();
  in.locals = {local("192.168.1.5")};
  in.reported = reported("5.6.7.8");
  in.seen4 = seen("5.6.7.8", 1);
  auto d = decide(in);
  CHECK(d.wanted == reported("5.6.7.8"));
  CHECK_FALSE(d.report);
}

TEST_CASE(
    "L1 ddns: own address and the cloud's view differ (VPN, proxy): nothing new, the published stays if one "
    "claims it") {
  auto in = named();
  in.locals = {local("5.6.7.8")};
  in.seen4 = seen("9.9.9.9", 2);
  auto d = decide(in);
  CHECK_FALSE(d.wanted.v4);
  CHECK_FALSE(d.report);
  CHECK(finds(d, "ddns_sources_differ"));

  in.reported = reported("5.6.7.8");
  d = decide(in);
  CHECK(d.wanted == reported("5.6.7.8"));
  CHECK_FALSE(d.report);
  CHECK(finds(d, "ddns_sources_differ"));

  in.reported = reported("9.9.9.9");
  d = decide(in);
  CHECK(d.wanted == reported("9.9.9.9"));
  CHECK_FALSE(d.report);

  in.reported = reported("7.7.7.7");  // nobody claims that one any more
  d = decide(in);
  CHECK_FALSE(d.wanted.v4);
  CHECK(d.report);
}

TEST_CASE("L1 ddns: an address of a carrier's NAT on the interface") {
  auto in = named();
  in.locals = {local("100.64.3.4")};
  in.seen4 = seen("5.6.7.8", 2);
  auto d = decide(in);
  CHECK(finds(d, "ddns_carrier_nat"));
  CHECK_FALSE(finds(d, "ddns_behind_router"));
  if (d.wanted.v4) CHECK(*d.wanted.v4 == ip("5.6.7.8"));
}

TEST_CASE("L1 ddns: a second router behind ours; the carrier's or a second one of the owner's") {
  auto in = named();
  in.locals = {local("192.168.1.5")};
  in.seen4 = seen("5.6.7.8", 2);
  in.second_hop = ip("192.168.0.1");
  auto d = decide(in);
  CHECK(finds(d, "ddns_double_nat"));
  in.second_hop = ip("100.64.0.1");
  d = decide(in);
  CHECK(finds(d, "ddns_carrier_nat"));
  CHECK_FALSE(finds(d, "ddns_double_nat"));
  in.second_hop = ip("5.6.0.1");  // the provider's first public router: nothing strange
  d = decide(in);
  CHECK_FALSE(finds(d, "ddns_double_nat"));
  CHECK_FALSE(finds(d, "ddns_carrier_nat"));
  CHECK(finds(d, "ddns_behind_router"));
}

TEST_CASE("L1 ddns: IPv6 from the kernel: stable before temporary, never deprecated, never local") {
  auto in = named();
  in.locals = {local("2a0b:1:2::aaaa", true), local("2a0b:1:2::5"), local("fe80::1"), local("fd00::1")};
  auto d = decide(in);
  CHECK(d.wanted == reported("", "2a0b:1:2::5"));
  CHECK(d.report);

  in.locals = {local("2a0b:1:2::aaaa", true)};
  CHECK_FALSE(decide(in).wanted.v6);
  in.locals = {local("2a0b:1:2::5", false, true)};
  CHECK_FALSE(decide(in).wanted.v6);
  in.locals = {local("fe80::1"), local("fd00::1"), local("2001:db8::1"), local("2002:506:708::1")};
  CHECK_FALSE(decide(in).wanted.v6);
}

TEST_CASE("L1 ddns: a new prefix replaces the old one as soon as the kernel says so") {
  auto in = named();
  in.reported = reported("", "2a0b:1:2::5");
  in.locals = {local("2a0b:1:2::5", false, true), local("2a0b:9:9::5")};
  auto d = decide(in);
  CHECK(d.wanted == reported("", "2a0b:9:9::5"));
  CHECK(d.report);
}

TEST_CASE("L1 ddns: of several good IPv6 addresses the published one stays (no flapping)") {
  auto in = named();
  in.locals = {local("2a0b:1:2::5"), local("2a0b:1:2::6"), local("2a0b:1:3::7")};
  for (auto text : {"2a0b:1:2::5", "2a0b:1:2::6", "2a0b:1:3::7"}) {
    in.reported = reported("", text);
    auto d = decide(in);
    CHECK(d.wanted == reported("", text));
    CHECK_FALSE(d.report);
  }
  in.reported = Reported{};
  auto first = decide(in).wanted;
  std::reverse(in.locals.begin(), in.locals.end());
  in.reported = first;
  CHECK_FALSE(decide(in).report);
}

TEST_CASE("L1 ddns: nothing public is said, and what was published goes") {
  auto in = named();
  in.locals = {local("192.168.1.5")};
  in.seen4 = std::nullopt;
  auto d = decide(in);
  CHECK(d.wanted == Reported{});
  CHECK(finds(d, "ddns_no_public_address"));

  in.locals = {};
  in.reported = reported("", "2a0b:1:2::5");
  d = decide(in);
  CHECK_FALSE(d.wanted.v6);
  CHECK(d.report);
}

TEST_CASE(
    "L1 ddns: without a view over IPv4 what is published stays while the box has IPv4, and goes with it") {
  auto in = named();
  in.locals = {local("192.168.1.5"), local("2a0b:1:2::5")};
  in.reported = reported("5.6.7.8", "2a0b:1:2::5");
  auto d = decide(in);
  CHECK_FALSE(d.report);
  CHECK(d.wanted == reported("5.6.7.8", "2a0b:1:2::5"));
  in.locals = {local("2a0b:1:2::5")};
  d = decide(in);
  CHECK(d.wanted == reported("", "2a0b:1:2::5"));
  CHECK(d.report);
}

TEST_CASE("L1 ddns: without a name nothing is reported, and the owner is told why") {
  auto in = named();
  in.has_name = false;
  in.locals = {local("5.6.7.8"), local("2a0b:1:2::5")};
  in.seen4 = seen("5.6.7.8", 2);
  auto d = decide(in);
  CHECK_FALSE(d.report);
  CHECK(finds(d, "ddns_no_name"));
}

TEST_CASE("L1 ddns: before the first look at the cloud nothing is known to differ") {
  auto in = named();
  in.reported = std::nullopt;
  in.locals = {local("5.6.7.8")};
  in.seen4 = seen("5.6.7.8");
  auto d = decide(in);
  // Unknown is not "none": a report now could be a no-op.
  CHECK_FALSE(d.report);
}

TEST_CASE("ddns: behind_router()") {
  CHECK(behind_router({local("192.168.1.5")}));
  CHECK(behind_router({local("10.0.0.1"), local("2a0b:1:2::5")}));
  CHECK(behind_router({local("100.64.0.9")}));
  CHECK_FALSE(behind_router({local("5.6.7.8")}));
  CHECK_FALSE(behind_router({local("192.168.1.5"), local("5.6.7.8")}));
}

TEST_CASE("L1 ddns: without a route for IPv4 what the cloud sees over NAT64 is never published") {
  auto in = named();
  in.locals = {local("2a0b:1:2::5")};
  in.seen4 = seen("5.6.7.64", 2);
  in.route4 = false;
  auto d = decide(in);
  CHECK_FALSE(d.wanted.v4);
  CHECK(d.wanted.v6 == ip("2a0b:1:2::5"));
  CHECK_FALSE(d.second_look);
  CHECK_FALSE(finds(d, "ddns_behind_router"));
  // Not even one that stands there already.
  in.reported = reported("5.6.7.64", "2a0b:1:2::5");
  d = decide(in);
  CHECK_FALSE(d.wanted.v4);
  CHECK(d.report);
  // 464XLAT: the box has an IPv4 address and a route, but both are make-believe (RFC 7335).
  in.route4 = true;
  in.locals = {local("192.0.0.2"), local("2a0b:1:2::5")};
  CHECK_FALSE(decide(in).wanted.v4);
  in.locals.push_back(local("192.168.1.5"));
  CHECK(decide(in).wanted.v4);
}

TEST_CASE("L1 ddns: a family that went a moment ago is kept, another address of it is taken at once") {
  auto in = named();
  in.locals = {local("5.6.7.8")};
  in.seen4 = seen("5.6.7.8", 2);
  in.reported = reported("5.6.7.8", "2a0b:1:2::5");
  in.keep6 = true;
  CHECK_FALSE(decide(in).report);
  in.keep6 = false;
  CHECK(decide(in).report);
  in.keep6 = true;
  in.locals.push_back(local("2a0b:9:9::5"));
  CHECK(decide(in).wanted.v6 == ip("2a0b:9:9::5"));
  in = named();
  in.locals = {local("2a0b:1:2::5")};
  in.reported = reported("5.6.7.8", "2a0b:1:2::5");
  in.route4 = false;
  in.keep4 = true;
  CHECK_FALSE(decide(in).report);
  in.keep4 = false;
  CHECK(decide(in).wanted == reported("", "2a0b:1:2::5"));
}

TEST_CASE("L1 ddns: several interfaces: only what leads to the internet, the way out first") {
  auto in = named();
  auto bridge = local("5.6.9.9");
  bridge.routed = false;
  in.locals = {bridge, local("192.168.1.5")};
  in.seen4 = seen("5.6.7.8", 2);
  CHECK(decide(in).wanted.v4 == ip("5.6.7.8"));
  CHECK(behind_router(in.locals));
  in = named();
  auto lan = local("2a0b:1::1");
  lan.routed = false;
  in.locals = {lan, local("2a0b:9::9"), local("2a0b:2::2")};
  CHECK(decide(in).wanted.v6 == ip("2a0b:9::9"));
  in.reported = reported("", "2a0b:2::2");  // good as well: no change for its own sake
  CHECK(decide(in).wanted.v6 == ip("2a0b:2::2"));
}

TEST_CASE("L1 ddns: the far end of a tunnel is not this box") {
  auto in = named();
  in.locals = {local("192.168.1.5")};
  in.seen4 = seen("5.6.7.8", 2);
  in.tunnel4 = true;
  auto d = decide(in);
  CHECK_FALSE(d.wanted.v4);
  CHECK(finds(d, "ddns_behind_vpn"));
  in.locals = {local("5.6.7.8")};  // PPP with an address of its own
  d = decide(in);
  CHECK(d.wanted.v4 == ip("5.6.7.8"));
  CHECK_FALSE(finds(d, "ddns_behind_vpn"));
}

TEST_CASE("ddns: a family is missed for three minutes from its loss, and never before it was there") {
  Families families;
  auto start = Instant(hours(1));
  families.see({local("5.6.7.8")}, true, start);
  CHECK_FALSE(families.missed4(start));
  CHECK_FALSE(families.missed6(start));
  CHECK_FALSE(families.until(start));
  families.see({local("5.6.7.8"), local("2a0b:1::1")}, true, start + seconds(1));
  families.see({local("5.6.7.8")}, true, start + seconds(10));
  CHECK(families.missed6(start + seconds(10)));
  CHECK_FALSE(families.missed4(start + seconds(10)));
  CHECK(families.until(start + seconds(20)) == start + seconds(10) + Families::patience);
  // Still away, seen again: the time counts from the loss.
  families.see({local("5.6.7.9")}, true, start + seconds(100));
  CHECK(families.missed6(start + seconds(189)));
  CHECK_FALSE(families.missed6(start + seconds(10) + Families::patience));
  families.see({local("2a0b:1::1")}, false, start + minutes(10));
  CHECK_FALSE(families.missed6(start + minutes(10)));
  CHECK(families.missed4(start + minutes(10)));
}

TEST_CASE("ddns: a storm of changes is slowed down, twenty changes in a minute are not") {
  Storm storm;
  Instant now{hours(1)};
  for (int i = 0; i < 60; ++i, now += seconds(1)) CHECK(storm.wait(now) == Millis(0));
  Millis waited{0};
  for (int i = 0; i < 600; ++i) {
    auto wait = storm.wait(now);
    waited += wait;
    now += Millis(100) + wait;
  }
  CHECK(waited > minutes(30));
  CHECK(storm.wait(now) <= seconds(5));
  CHECK(storm.wait(now + hours(1)) == Millis(0));
}

TEST_CASE("ddns: economy rests a quarter of an hour, a fifth more or less; the cloud's word wins") {
  CHECK(rest(0, 0) == Millis(minutes(12)));
  CHECK(rest(0, 999) == Millis(minutes(18)));
  CHECK(rest(60, 0) == Millis(seconds(48)));
  CHECK(rest(1, 0) == Millis(seconds(48)));  // not more often than once a minute or so
  CHECK(rest(86400, 999) == Millis(seconds(103680)));
  CHECK(rest(9'999'999, 0) == Millis(seconds(69120)));
}
