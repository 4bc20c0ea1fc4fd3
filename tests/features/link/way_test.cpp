// What touches a connection in the box's own network, and what does not.
#include "agent/features/link/way/way.hpp"

#include <doctest/doctest.h>

#include "platform/fake/fake_platform.hpp"

using namespace qcloud;
using namespace qcloud::link;

namespace {

LocalAddress at(const char* address, const char* interface) {
  auto out = fake_address(address);
  out.interface = interface;
  return out;
}

NetState net(std::vector<LocalAddress> addresses) {
  NetState out;
  out.addresses = std::move(addresses);
  out.route4 = true;
  return out;
}

}  // namespace

TEST_CASE("link: what comes and goes beside a connection's own address leaves it alone") {
  const auto own = at("192.168.1.5", "eth0"), port = at("10.0.5.2", "eth1"),
             bridge = at("172.17.0.1", "docker0"), alias = at("169.254.7.7", "eth0"),
             v6 = at("fd99::1", "eth0");
  const auto local = own.address;
  for (const auto& other : {port, bridge, alias, v6}) {
    CHECK(holds(net({own}), net({own, other}), local));
    CHECK(holds(net({own, other}), net({own}), local));
  }
  CHECK(holds(net({own, bridge}), net({own, alias, bridge}), local));
  CHECK(holds(net({own}), net({alias, own}), local));
  auto v6_gone = net({own, v6});
  v6_gone.route6 = true;
  CHECK(holds(v6_gone, net({own}), local));
}

TEST_CASE("link: another address, another way out, or none, is a reason to dial anew") {
  const auto own = at("192.168.1.5", "eth0"), other = at("192.168.1.6", "eth0"),
             uplink = at("10.0.5.2", "eth1");
  const auto local = own.address;
  CHECK_FALSE(holds(net({own}), net({other}), local));
  CHECK_FALSE(holds(net({own}), net({}), local));
  CHECK_FALSE(holds(net({own, uplink}), net({uplink, own}), local));
  auto cut = net({own}), tunnel = net({own});
  cut.route4 = false;
  tunnel.tunnel4 = true;
  CHECK_FALSE(holds(net({own}), cut, local));
  CHECK_FALSE(holds(net({own}), tunnel, local));
}

TEST_CASE("link: a relay may have several addresses, and is one relay") {
  Nodes nodes;
  nodes.learn("5.6.8.2", "relay-a");
  std::vector<std::string> avoid;
  CHECK(nodes.lead_elsewhere({"5.6.8.2", "2a0b:1::2"}, "relay-a"));
  nodes.learn("2a0b:1::2", "relay-a");
  CHECK_FALSE(nodes.lead_elsewhere({"5.6.8.2", "2a0b:1::2"}, "relay-a"));
  CHECK(nodes.lead_elsewhere({"5.6.8.2", "2a0b:1::2", "5.6.8.3"}, "relay-a"));
  nodes.learn("5.6.8.3", "relay-b");
  nodes.list("relay-a", &avoid);
  CHECK(avoid == std::vector<std::string>{"2a0b:1::2", "5.6.8.2"});
  for (int i = 0; i < 1000; ++i) nodes.learn(std::to_string(i), "relay-c");
  avoid.clear();
  nodes.list("relay-c", &avoid);
  CHECK(avoid.size() <= 33);
}

TEST_CASE("link: a network is known again by its own address, whatever containers run") {
  const auto own = at("192.168.1.5", "eth0"), bridge = at("172.17.0.1", "docker0");
  CHECK(network_of(net({own})) == network_of(net({own, bridge})));
  CHECK(network_of(net({own})) != network_of(net({at("192.168.2.5", "eth0")})));
}

TEST_CASE("link: two attachments at one relay look for another at once, then ever less often, until found") {
  Apart apart;
  Instant now{};
  auto wait = [&](bool elsewhere) { return apart.next_look(now, elsewhere) - now; };
  CHECK(wait(true) == Millis(0));
  for (auto minute : {1, 2, 4, 8, 15, 15}) {
    apart.looked(now);
    CHECK(wait(true) == minutes(minute));
    now += seconds(30);  // asked again meanwhile, it stays when it was
    CHECK(wait(true) == minutes(minute) - seconds(30));
    now += minutes(minute) - seconds(30);
  }
  for (int i = 0; i < 100; ++i) apart.looked(now);
  CHECK(wait(true) == minutes(15));
  // For a moment at two, or so they say: that changes nothing.
  apart.reached(now);
  now += seconds(119);
  CHECK(wait(true) == minutes(15) - seconds(119));
  apart.reached(now);
  apart.over(now + seconds(1));
  now += minutes(2);
  CHECK(wait(true) > Millis(0));
  apart.reached(now);
  apart.reached(now + seconds(60));
  now += minutes(2);
  CHECK(wait(true) == Millis(0));
}

TEST_CASE("link: where the relay's name leads to one alone, that is looked at every 15 minutes") {
  Apart apart;
  Instant now{};
  for (int i = 0; i < 5; ++i) {
    CHECK(apart.next_look(now, false) == now + minutes(15));
    now += minutes(15);
    apart.looked(now);
  }
}
