// What the doctor says to each odd network: one code names it, with cause, evidence and fix; what only
// follows from it is not named as a second fault.
#include <doctest/doctest.h>

#include <algorithm>

#include "agent/features/doctor/policy.hpp"

using namespace qcloud;
using namespace qcloud::doctor;

namespace {

IpAddress ip(const char* text) { return *parse_ip(text); }

Try good() {
  Try out;
  out.status = 200;
  out.trace.addresses = {"9.9.9.20"};
  out.trace.dns_status = DnsStatus::ok;
  out.trace.resolver = "192.168.1.1:53";
  out.trace.dns = out.trace.connect = Millis(10);
  out.trace.tls = out.trace.total = Millis(30);
  out.trace.rtt = Millis(12);
  out.trace.retransmits = 0;
  out.trace.peer_issuer = "CN=Vendor CA";
  out.trace.peer_until = from_unix(1800000000);
  return out;
}
Try bad(const char* error, DnsStatus dns = DnsStatus::ok) {
  Try out = good();
  out.error = error;
  out.detail = "it does not work";
  out.status = 0;
  out.trace.tls = out.trace.total = Millis(-1);
  out.trace.dns_status = dns;
  if (dns != DnsStatus::ok) out.trace.addresses.clear();
  return out;
}

// A registered box behind one router, with everything in order.
Observed home() {
  Observed seen;
  seen.host = "cloud.vendor.test";
  seen.locals = {{ip("192.168.1.5"), "eth0", true}};
  seen.route4 = seen.way_out = true;
  seen.now = from_unix(1795428000);
  seen.registered = true;
  seen.v4 = good();
  seen.look = good();
  seen.page = Page{204, ""};
  LookupAnswer none;
  none.status = DnsStatus::no_name;
  none.server = "192.168.1.1:53";
  seen.no_such_name = none;
  LookupAnswer own;
  own.status = DnsStatus::ok;
  own.addresses = {"5.6.7.8"};
  seen.name = OwnName{"nas1.mynas.test", {ip("5.6.7.8")}, own};
  return seen;
}

std::vector<std::string> faults(const Observed& seen) {
  std::vector<std::string> out;
  for (const auto& check : judge(seen)) {
    auto* entry = find_entry(check.code);
    REQUIRE_MESSAGE(entry, check.code << " is not in the catalog");
    if (entry->severity == Severity::error || entry->severity == Severity::warning) out.push_back(check.code);
  }
  return out;
}
bool says(const Observed& seen, const std::string& code) {
  auto all = judge(seen);
  return std::any_of(all.begin(), all.end(), [&](const Check& check) { return check.code == code; });
}
using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("doctor: a good network has no fault, and says what is good") {
  auto seen = home();
  CHECK(faults(seen) == Codes{});
  for (auto code : {"network_ok", "ipv4_only", "dns_ok", "proxy_none", "sign_in_none", "tls_ok", "path_ok",
                    "cloud_ok", "certificate_ok", "clock_ok", "nat_one_router", "name_ok", "orders_none",
                    "state_ok", "disks_may_sleep"})
    CHECK_MESSAGE(says(seen, code), code);
}

TEST_CASE("doctor: each odd network by its own name") {
  auto seen = home();
  SUBCASE("no route") {
    seen = Observed();
    seen.registered = true;
    CHECK(faults(seen) == Codes{"no_route"});
    CHECK_FALSE(says(seen, "dns_ok"));
  }
  SUBCASE("a web proxy") {
    for (std::string kind : {"unreachable", "auth", "refused"}) {
      auto behind = home();
      behind.v4 = bad(("net.proxy_" + kind).c_str(), DnsStatus::unknown);
      behind.v4->trace.proxy = "proxy.lan:3128";
      behind.look.reset();
      behind.name.reset();
      behind.page.reset();
      CHECK(faults(behind) == Codes{"proxy_" + kind});
    }
    auto mute = home();
    mute.v4 = bad("net.timeout", DnsStatus::unknown);
    mute.v4->trace.proxy = "proxy.lan:3128";
    mute.look.reset();
    mute.name.reset();
    mute.page.reset();
    CHECK(faults(mute) == Codes{"proxy_mute"});
    seen.v4->trace.proxy = seen.look->trace.proxy = "proxy.lan:3128";
    seen.page.reset();
    CHECK(faults(seen) == Codes{});
    CHECK(says(seen, "proxy_ok"));
    seen.route4 = false;  // it stands in the own network, and no route leads out of that
    CHECK(faults(seen) == Codes{});
    CHECK(says(seen, "proxy_ok"));
  }
  SUBCASE("IPv6 only, with and without NAT64") {
    seen.route4 = false;
    seen.route6 = true;
    seen.locals = {{ip("2a0b:1::5"), "eth0", true}};
    seen.v6 = seen.v4;
    seen.v4.reset();
    CHECK(faults(seen) == Codes{});
    CHECK(says(seen, "ipv6_only"));
    CHECK(says(seen, "nat_no_ipv4"));
    seen.nat64 = LookupAnswer{DnsStatus::ok, {"64:ff9b::c000:aa"}, ""};
    CHECK(says(seen, "ipv6_only_nat64"));
    seen.nat64.reset();
    seen.v6 = bad("net.dns_failed", DnsStatus::no_data);
    seen.look.reset();
    seen.name.reset();
    CHECK(faults(seen) == Codes{"ipv6_only_no_nat64"});
  }
  SUBCASE("dual stack with one dead family") {
    seen.route6 = true;
    seen.v6 = bad("net.timeout");
    seen.v6->trace.connect = Millis(-1);
    CHECK(faults(seen) == Codes{"ipv6_broken"});
    std::swap(seen.v4, seen.v6);
    CHECK(faults(seen) == Codes{"ipv4_broken"});
    std::swap(seen.v4, seen.v6);
    seen.v6 = bad("net.dns_failed", DnsStatus::no_data);
    CHECK(faults(seen) == Codes{});  // the cloud has no address of this family
  }
  SUBCASE("addresses that come and go: flapping, renewal storms") {
    seen.changes = 3;
    CHECK(faults(seen) == Codes{});
    seen.changes = 4;
    CHECK(faults(seen) == Codes{"address_flapping"});
  }
  SUBCASE("several interfaces") {
    seen.locals.push_back({ip("10.1.1.5"), "br0", false});
    CHECK(faults(seen) == Codes{});
    CHECK(says(seen, "several_interfaces"));
  }
  SUBCASE("a sign-in page") {
    seen.v4 = bad("net.tls_untrusted");
    seen.v4->trace.addresses = {"192.168.44.1"};
    seen.look.reset();
    seen.name.reset();
    seen.page = Page{302, "http://portal.hotel.test/login"};
    seen.no_such_name = LookupAnswer{DnsStatus::ok, {"192.168.44.1"}, "192.168.44.1:53"};
    CHECK(faults(seen) == Codes{"captive_portal"});
    seen.page = Page{200, ""};
    CHECK(faults(seen) == Codes{"captive_portal"});
    seen.page = Page{511, ""};
    CHECK(faults(seen) == Codes{"captive_portal"});
    // A cloud that has no such page says so itself.
    seen = home();
    seen.page = Page{301, "https://cloud.vendor.test/"};
    CHECK(faults(seen) == Codes{});
  }
  SUBCASE("TLS that is opened on the way") {
    seen.v4 = bad("net.tls_untrusted");
    seen.v4->trace.peer_issuer = "CN=Firewall";
    seen.look.reset();
    seen.name.reset();
    CHECK(faults(seen) == Codes{"tls_intercepted"});
    for (const auto& check : judge(seen))
      if (check.code == "tls_intercepted") CHECK(check.evidence.at("issuer") == "CN=Firewall");
    seen.v4->error = "net.tls_time";
    CHECK(faults(seen) == Codes{"tls_expired"});
    seen.v4->error = "net.tls_failed";
    CHECK(faults(seen) == Codes{"tls_failed"});
    seen = home();
    seen.v4->trace.peer_until = seen.look->trace.peer_until = seen.now + days(3);
    CHECK(faults(seen) == Codes{"tls_ends_soon"});
  }
  SUBCASE("a name server that is silent, says no, or lies") {
    seen.look.reset();
    seen.name.reset();
    seen.page = Page{};
    seen.no_such_name.reset();
    seen.v4 = bad("net.dns_failed", DnsStatus::no_answer);
    CHECK(faults(seen) == Codes{"dns_no_answer"});
    for (auto status : {DnsStatus::no_name, DnsStatus::refused, DnsStatus::no_data}) {
      seen.v4 = bad("net.dns_failed", status);
      CHECK(faults(seen) == Codes{"dns_no_name"});
    }
    for (const char* address : {"192.168.1.66", "127.0.0.1", "0.0.0.0", "10.0.0.1"}) {
      seen.v4 = bad("net.refused");
      seen.v4->trace.addresses = {address};
      CHECK(faults(seen) == Codes{"dns_private_answer"});
    }
    // A laboratory's cloud has a private address too, and its own certificate.
    seen = home();
    seen.v4->trace.addresses = {"10.1.0.2"};
    CHECK(faults(seen) == Codes{});
    seen.no_such_name = LookupAnswer{DnsStatus::ok, {"5.5.5.5"}, "192.168.1.1:53"};
    CHECK(faults(seen) == Codes{"dns_invents"});
  }
  SUBCASE("the box's own name, seen from here") {
    seen.name->answer.addresses = {"9.9.9.9"};
    CHECK(faults(seen) == Codes{"name_wrong_here"});
    seen.name->answer.addresses = {"192.168.1.5"};
    CHECK(faults(seen) == Codes{"name_private_answer"});
    seen.name->answer = LookupAnswer{DnsStatus::no_name, {}, ""};
    CHECK(faults(seen) == Codes{"name_not_visible"});
  }
  SUBCASE("large packets vanish") {
    seen.v4 = bad("net.timeout");
    seen.look.reset();
    seen.name.reset();
    CHECK(faults(seen) == Codes{"mtu_black_hole"});
    seen.page = Page{};
    CHECK(faults(seen) == Codes{"mtu_black_hole"});
    // Upwards: the certificate does not get through, the question without it did.
    seen = home();
    seen.look = bad("net.timeout");
    seen.look->trace.tls = Millis(30);
    seen.look->trace.retransmits = 4;
    seen.name.reset();
    CHECK(faults(seen) == Codes{"mtu_black_hole"});
  }
  SUBCASE("satellite") {
    seen.v4->trace.rtt = Millis(612);
    seen.look->trace.rtt = Millis(640);
    CHECK(faults(seen) == Codes{"slow_path"});
  }
  SUBCASE("loss") {
    seen.v4->trace.retransmits = 1;
    CHECK(faults(seen) == Codes{});
    seen.look->trace.retransmits = 3;
    CHECK(faults(seen) == Codes{"packet_loss"});
    // So much that TLS did not come to its end.
    seen = home();
    seen.v4 = bad("net.timeout");
    seen.v4->trace.retransmits = 5;
    seen.page = Page{};
    seen.look.reset();
    seen.name.reset();
    auto found = faults(seen);
    CHECK(std::find(found.begin(), found.end(), "packet_loss") != found.end());
    CHECK_FALSE(says(seen, "mtu_black_hole"));
  }
  SUBCASE("the cloud") {
    seen.look.reset();
    seen.name.reset();
    seen.v4 = bad("net.refused");
    CHECK(faults(seen) == Codes{"cloud_refuses"});
    seen.v4 = bad("net.timeout");
    seen.v4->trace.connect = seen.v4->trace.rtt = Millis(-1);
    CHECK(faults(seen) == Codes{"cloud_no_answer"});
    seen.v4 = bad("cloud.bad_answer");
    CHECK(faults(seen) == Codes{"cloud_odd_answer"});
    seen.v4 = good();
    seen.v4->status = 503;
    CHECK(faults(seen) == Codes{"cloud_trouble"});
  }
}

TEST_CASE("doctor: NAT in words") {
  auto seen = home();
  seen.second_hop = ip("192.168.100.1");
  CHECK(says(seen, "nat_two_routers"));
  seen.second_hop = ip("100.64.0.1");
  CHECK(says(seen, "nat_carrier"));
  seen.second_hop.reset();
  seen.locals[0].address = ip("100.70.1.2");
  CHECK(says(seen, "nat_carrier"));
  seen.locals[0].address = ip("5.6.7.8");
  CHECK(says(seen, "nat_none"));
}

TEST_CASE("doctor: the box itself") {
  auto seen = home();
  SUBCASE("clock") {
    seen.clock_synchronized = false;
    CHECK(faults(seen) == Codes{"clock_unsynchronized"});
    seen.clock_error = -hours(30);
    CHECK(faults(seen) == Codes{"clock_wrong"});
  }
  SUBCASE("orders") {
    seen.orders = 2;
    CHECK(says(seen, "orders_pending"));
    seen.orders_overdue = true;
    CHECK(faults(seen) == Codes{"orders_overdue"});
  }
  SUBCASE("state") {
    seen.state_trouble = "the disk is full";
    CHECK(faults(seen) == Codes{"state_not_writable"});
    seen.state_trouble.clear();
    seen.not_set_up = "There is no volume.";
    CHECK(faults(seen) == Codes{"not_set_up"});
  }
  SUBCASE("standing") {
    seen.standing = "revoked";
    CHECK(faults(seen) == Codes{"certificate_refused"});
    seen = home();
    seen.registered = false;
    seen.look.reset();
    seen.name.reset();
    CHECK(faults(seen) == Codes{});
    CHECK(says(seen, "not_registered"));
  }
}

TEST_CASE("doctor: the relay is spoken of when the link is on") {
  auto seen = home();
  CHECK(says(seen, "relay_off"));
  seen.link = {true, {}, 1, "", "The relay does not answer."};
  CHECK(faults(seen) == Codes{"relay_unreachable"});
  // One fault, one name.
  auto skipped = [](Observed other) { return says(other, "relay_unknown"); };
  auto other = seen;
  other.link.waits = "the connection is being made";
  CHECK(skipped(other));
  CHECK(faults(other) == Codes{});
  other = seen;
  other.way_out = other.route4 = other.route6 = false;
  CHECK(skipped(other));
  CHECK(faults(other) == Codes{"no_route"});
  other = seen;
  other.registered = false;
  CHECK(skipped(other));
  other = seen;
  other.standing = "revoked";
  CHECK(skipped(other));
  CHECK(faults(other) == Codes{"certificate_refused"});
  other = seen;
  other.link.trouble.clear();
  CHECK(skipped(other));
  // What is wrong with the cloud alone says nothing of the relay.
  other = seen;
  for (auto* one : {&other.v4, &other.v6, &other.again, &other.look})
    if (*one) (*one)->error = "net.refused", (*one)->status = 0;
  CHECK(says(other, "cloud_refuses"));
  CHECK(says(other, "relay_unreachable"));
  CHECK_FALSE(says(seen, "relay_off"));
  seen.link.relays = {"relay-a"};
  CHECK(faults(seen) == Codes{});
  CHECK(says(seen, "relay_one_only"));
  seen.link.relays = {"relay-a", "relay-b"};
  CHECK(says(seen, "relay_ok"));
  seen.link.services = 0;
  CHECK(faults(seen) == Codes{"relay_no_service"});
}
