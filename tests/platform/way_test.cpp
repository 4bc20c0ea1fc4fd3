// Several interfaces: which one leads to the internet, and what that says of the addresses.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "platform/linux/netlink.hpp"
#include "tests/platform/netlink_bytes.hpp"

using namespace qcloud;
using namespace netlink_bytes;

namespace {

// The kernel's dumps, and its answers to "which way to the internet?".
NetState state(std::initializer_list<Bytes> messages, int way4, int way6 = 0) {
  Netlink out;
  for (const auto& each : messages) parse_netlink(each, out);
  REQUIRE_FALSE(out.malformed);
  out.way4 = way4;
  out.way6 = way6;
  return net_state(out);
}

// "+" where it may be published.
std::string names(const NetState& state) {
  std::string out;
  for (const auto& each : state.addresses)
    out += std::string(each.routed ? "+" : "-") + to_string(each.address) + "%" + each.interface + " ";
  return out;
}

Bytes refusal(int code) {
  std::int32_t value = -code;
  Bytes body;
  append(body, &value, sizeof value);
  return message(NLMSG_ERROR, body);
}

Bytes several_hops(const std::vector<int>& links) {
  rtmsg info{};
  info.rtm_family = AF_INET;
  info.rtm_table = RT_TABLE_MAIN;
  info.rtm_type = RTN_UNICAST;
  Bytes body, hops;
  append(body, &info, sizeof info);
  for (int link : links) {
    rtnexthop hop{sizeof(rtnexthop), 0, 0, link};
    append(hops, &hop, sizeof hop);
  }
  attribute(body, RTA_MULTIPATH, hops.data(), hops.size());
  return message(RTM_NEWROUTE, body);
}

}  // namespace

TEST_CASE("the interface on the way out comes first, then others with a default route, then the rest") {
  auto box = state({link(2, "eth0", up), link(3, "eth1", up), link(4, "eth2", up), address("192.168.1.9", 3),
                    address("10.0.0.9", 2), address("2a0b::2", 2), address("2a0b:1::3", 3),
                    address("5.6.7.8", 4), route(AF_INET, 2), route(AF_INET, 3), route(AF_INET6, 3)},
                   3, 3);
  CHECK(names(box) == "+192.168.1.9%eth1 +10.0.0.9%eth0 -5.6.7.8%eth2 +2a0b:1::3%eth1 -2a0b::2%eth0 ");
  CHECK(box.route4);
  CHECK(box.route6);
  CHECK_FALSE(box.tunnel4);
}

TEST_CASE("bridges and containers: the bridge has the address, a container's bridge leads nowhere") {
  auto box =
      state({link(2, "eth0", up), link(3, "qvs0", up, ARPHRD_ETHER, "bridge"),
             link(4, "docker0", up, ARPHRD_ETHER, "bridge"), link(5, "veth1a2b", up, ARPHRD_ETHER, "veth"),
             link(6, "eth0.7", up, ARPHRD_ETHER, "vlan"), address("192.168.1.9", 3), address("172.17.0.1", 4),
             address("2a0b::9", 3), address("2a0b:d0c::1", 4), address("192.168.7.9", 6), route(AF_INET, 3),
             route(AF_INET6, 3)},
            3, 3);
  CHECK(names(box) ==
        "+192.168.1.9%qvs0 -172.17.0.1%docker0 -192.168.7.9%eth0.7 +2a0b::9%qvs0 -2a0b:d0c::1%docker0 ");
}

TEST_CASE("a VPN that takes all traffic is the way out, whatever the main table says") {
  // wg-quick: a default route in a table of its own, chosen by a rule. OpenVPN: two halves; nothing to see.
  auto box =
      state({link(2, "eth0", up), link(7, "wg0", up | IFF_POINTOPOINT | IFF_NOARP, ARPHRD_NONE),
             address("192.168.1.9", 2), address("10.64.0.2", 7), route(AF_INET, 2), route(AF_INET, 7, 51820)},
            7);
  CHECK(names(box) == "+10.64.0.2%wg0 +192.168.1.9%eth0 ");
  CHECK(box.route4);
  CHECK(box.tunnel4);
  CHECK_FALSE(box.tunnel6);
}

TEST_CASE("a table for each port, as QTS has them: a default route there makes its interface routed") {
  auto box = state({link(2, "eth0", up), link(3, "eth1", up), link(4, "eth2", up), address("5.6.7.2", 2),
                    address("5.6.7.3", 3), address("5.6.7.4", 4), route(AF_INET, 2), route(AF_INET, 3, 101),
                    route(AF_INET, 4, RT_TABLE_LOCAL)},
                   2);
  CHECK(names(box) == "+5.6.7.2%eth0 +5.6.7.3%eth1 -5.6.7.4%eth2 ");
}

TEST_CASE("which links are tunnels") {
  auto tunnel = [](const Bytes& link) {
    return state({link, address("5.6.7.8", 2), route(AF_INET, 2)}, 2).tunnel4;
  };
  CHECK(tunnel(link(2, "tun0", up | IFF_POINTOPOINT, ARPHRD_NONE)));
  CHECK(tunnel(link(2, "tap0", up, ARPHRD_ETHER, "tun")));
  CHECK(tunnel(link(2, "ppp0", up | IFF_POINTOPOINT, ARPHRD_PPP)));
  CHECK(tunnel(link(2, "gre0", up, ARPHRD_IPGRE)));
  CHECK_FALSE(tunnel(link(2, "bond0", up, ARPHRD_ETHER, "bond")));
  CHECK_FALSE(tunnel(link(2, "tunnel0", up, ARPHRD_ETHER, "vlan")));
}

TEST_CASE("a way over a link without a carrier is none, nor is one that the rules forbid") {
  auto box = state({link(2, "eth0", IFF_UP), link(3, "eth1", up), address("5.6.7.8", 3), route(AF_INET, 2),
                    route(AF_INET, 3)},
                   2);
  CHECK_FALSE(box.route4);
  CHECK(names(box) == "+5.6.7.8%eth1 ");
  CHECK_FALSE(state({link(3, "eth1", up), route(AF_INET, 3)}, 0).route4);
}

TEST_CASE("a kernel that does not answer: the main table has to do") {
  CHECK(state({link(3, "eth1", up), route(AF_INET, 3)}, way_unknown).route4);
  CHECK_FALSE(state({link(3, "eth1", up), route(AF_INET, 3, 100)}, way_unknown).route4);
}

TEST_CASE("several next hops: each of their links is routed") {
  auto box = state({link(2, "eth0", up), link(3, "eth1", up), link(4, "eth2", up), address("5.6.7.2", 2),
                    address("5.6.7.3", 3), address("5.6.7.4", 4), several_hops({2, 3})},
                   3);
  CHECK(names(box) == "+5.6.7.3%eth1 +5.6.7.2%eth0 -5.6.7.4%eth2 ");
}

TEST_CASE("the kernel's answer to a question for the way") {
  CHECK(parse_way(route(AF_INET, 5, RT_TABLE_MAIN, RTN_UNICAST, 32)) == 5);
  CHECK(parse_way(route(AF_INET6, 5, RT_TABLE_MAIN, RTN_UNREACHABLE, 128)) == 0);
  CHECK(parse_way(refusal(ENETUNREACH)) == 0);
  CHECK(parse_way(refusal(EHOSTUNREACH)) == 0);
  CHECK(parse_way(refusal(EACCES)) == 0);
  CHECK(parse_way(refusal(EOPNOTSUPP)) == way_unknown);  // no IPv6 in this kernel
  CHECK(parse_way(refusal(EINVAL)) == way_unknown);
  CHECK(parse_way(link(5, "eth0", up)) == way_unknown);
  CHECK(parse_way({}) == way_unknown);
}
