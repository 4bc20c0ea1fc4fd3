#include <doctest/doctest.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "platform/linux/netlink.hpp"
#include "tests/platform/netlink_bytes.hpp"

using namespace qcloud;
using namespace netlink_bytes;

namespace {

Netlink parsed(std::initializer_list<Bytes> messages) {
  Bytes all;
  for (const auto& each : messages) all.insert(all.end(), each.begin(), each.end());
  Netlink out;
  parse_netlink(all, out);
  return out;
}

std::string names(const NetState& state) {
  std::string out;
  for (const auto& each : state.addresses) out += to_string(each.address) + "%" + each.interface + " ";
  return out;
}

}  // namespace

TEST_CASE("what a kernel sent, byte by byte") {
  // RTM_NEWADDR of 192.0.2.7/24 on a link with index 2, label "veth0", captured on x86_64.
  static const unsigned char captured[] = {
      0x54, 0, 0, 0, 0x14, 0, 0x02, 0, 0x01, 0, 0, 0, 0x39, 0x30, 0, 0,  // header: 84
                                                                         // bytes, type
                                                                         // 20
      0x02, 0x18, 0x80, 0, 0x02, 0, 0, 0,                                // AF_INET, /24, permanent, link 2
      0x08, 0, 0x01, 0, 192, 0, 2, 7, 0x08, 0, 0x02, 0, 192, 0, 2, 7,    // IFA_ADDRESS,
                                                                         // IFA_LOCAL
      0x0a, 0, 0x03, 0, 'v', 'e', 't', 'h', '0', 0, 0, 0,                // IFA_LABEL, padded
      0x08, 0, 0x08, 0, 0x80, 0, 0, 0,                                   // IFA_FLAGS
      0x14, 0, 0x06, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
      0};  // IFA_CACHEINFO; four bytes more than the attribute, as padding
           // may be
  if constexpr (std::endian::native != std::endian::little) return;
  Netlink out;
  parse_netlink(std::span(captured, sizeof captured - 4), out);
  CHECK(out.malformed);  // the header claims more than there is
  out = {};
  Bytes whole(captured, captured + sizeof captured - 4);
  whole[0] = 0x50;
  parse_netlink(whole, out);
  CHECK_FALSE(out.malformed);
  REQUIRE(out.addresses.size() == 1);
  CHECK(to_string(out.addresses[0].address) == "192.0.2.7");
  CHECK(out.addresses[0].link == 2);
  CHECK(out.addresses[0].settled);
}

TEST_CASE("a usual box") {
  auto out =
      parsed({link(1, "lo", up | IFF_LOOPBACK), link(2, "eth0", up), address("127.0.0.1", 1),
              address("::1", 1), address("192.168.1.2", 2), address("fe80::1", 2), address("2a0b::2", 2),
              address("2a0b::1", 2), route(AF_INET, 2), route(AF_INET6, 2), message(NLMSG_DONE, Bytes(4))});
  CHECK(out.done);
  CHECK_FALSE(out.malformed);
  CHECK(out.error == 0);
  auto state = net_state(out);
  CHECK(names(state) == "192.168.1.2%eth0 2a0b::1%eth0 2a0b::2%eth0 ");
  CHECK(state.route4);
  CHECK(state.route6);
}

TEST_CASE("addresses wait for duplicate address detection") {
  auto state =
      net_state(parsed({link(2, "eth0", up), address("2a0b::1", 2, IFA_F_TENTATIVE),
                        address("2a0b::2", 2, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC),
                        address("2a0b::3", 2, IFA_F_DADFAILED), address("2a0b::4", 2, IFA_F_PERMANENT)}));
  CHECK(names(state) == "2a0b::4%eth0 ");
}

TEST_CASE("temporary and deprecated; a secondary IPv4 address is not temporary") {
  auto state = net_state(parsed({link(2, "eth0", up), address("5.6.7.8", 2, IFA_F_SECONDARY),
                                 address("2a0b::1", 2, IFA_F_TEMPORARY),
                                 address("2a0b::2", 2, IFA_F_DEPRECATED | IFA_F_MANAGETEMPADDR)}));
  REQUIRE(state.addresses.size() == 3);
  CHECK_FALSE(state.addresses[0].temporary);
  CHECK(state.addresses[1].temporary);
  CHECK_FALSE(state.addresses[1].deprecated);
  CHECK(state.addresses[2].deprecated);
}

TEST_CASE("on a point-to-point link the own address counts, not the peer's") {
  auto both = address("5.6.7.8", 2, 0, IFA_LOCAL);
  auto peer = *parse_ip("5.6.7.9");
  attribute(both, IFA_ADDRESS, peer.bytes.data(), 4);
  auto size = static_cast<std::uint32_t>(both.size());
  std::memcpy(both.data(), &size, sizeof size);
  CHECK(names(net_state(parsed({link(2, "ppp0", up), both}))) == "5.6.7.8%ppp0 ");
}

TEST_CASE("links without a carrier, and unknown links, do not count") {
  auto state = net_state(parsed({link(2, "eth0", IFF_UP), link(3, "eth1", 0), address("5.6.7.8", 2),
                                 address("5.6.7.9", 3), address("5.6.7.10", 4), route(AF_INET, 2)}));
  CHECK(state == NetState{});
}

TEST_CASE("only unicast default routes of the main table") {
  auto none = net_state(parsed({link(2, "eth0", up), route(AF_INET, 2, 100), route(AF_INET, 2, 1000),
                                route(AF_INET, 2, RT_TABLE_MAIN, RTN_UNREACHABLE),
                                route(AF_INET6, 2, RT_TABLE_MAIN, RTN_UNICAST, 64)}));
  CHECK_FALSE(none.route4);
  CHECK_FALSE(none.route6);
  CHECK(net_state(parsed({link(2, "eth0", up), route(AF_INET6, 2)})).route6);
  CHECK(net_state(parsed({route(AF_INET, 0)})).route4);  // several next hops
}

TEST_CASE("which events are news") {
  CHECK(parsed({link(2, "eth0", up)}).changed);
  CHECK(parsed({address("5.6.7.8", 2)}).changed);
  CHECK(parsed({message(RTM_NEWRULE, {})}).changed);
  CHECK(parsed({route(AF_INET, 2, RT_TABLE_MAIN, RTN_UNICAST, 1)}).changed);  // half of the internet: a VPN
  CHECK(parsed({route(AF_INET6, 2, RT_TABLE_MAIN, RTN_UNICAST, 3)}).changed);
  CHECK_FALSE(parsed({route(AF_INET, 2, RT_TABLE_MAIN, RTN_UNICAST, 8)}).changed);
  CHECK(parsed({route(AF_INET, 2)}).changed);
  CHECK(parsed({route(AF_INET, 2, RT_TABLE_MAIN, RTN_UNICAST, 0, RTM_DELROUTE)}).changed);
  CHECK(parsed({route(AF_INET, 2, RT_TABLE_MAIN, RTN_UNICAST, 0, RTM_DELROUTE)}).routes.empty());
  CHECK(parsed({route(AF_INET, 2, RT_TABLE_MAIN, RTN_UNREACHABLE)}).changed);  // may have replaced another
  CHECK(parsed({message(RTM_DELADDR, {})}).changed);
  CHECK(parsed({message(NLMSG_OVERRUN, {})}).changed);
  CHECK_FALSE(parsed({route(AF_INET, 2, RT_TABLE_MAIN, RTN_UNICAST, 32)}).changed);
  CHECK_FALSE(parsed({route(AF_INET6, 2, RT_TABLE_MAIN, RTN_UNICAST, 128, RTM_DELROUTE)}).changed);
}

TEST_CASE("refusals and interrupted dumps are told") {
  std::int32_t code = -EOPNOTSUPP;
  Bytes body;
  append(body, &code, sizeof code);
  CHECK(parsed({message(NLMSG_ERROR, body)}).error == EOPNOTSUPP);
  CHECK(parsed({message(NLMSG_DONE, body)}).error == EOPNOTSUPP);
  CHECK(parsed({message(NLMSG_DONE, Bytes(4), NLM_F_MULTI | NLM_F_DUMP_INTR)}).interrupted);
}

TEST_CASE("lengths that lie are caught") {
  for (const auto& good : {link(2, "eth0", up), address("2a0b::1", 2), route(AF_INET, 2)}) {
    for (size_t size = 1; size < good.size(); ++size) {
      Netlink out;
      parse_netlink(std::span(good).first(size), out);
      CHECK(out.malformed);
    }
    for (size_t at = 0; at < good.size(); ++at)
      for (int bit = 0; bit < 8; ++bit) {
        Bytes bad = good;
        bad[at] ^= static_cast<unsigned char>(1 << bit);
        Netlink out;
        parse_netlink(bad, out);
        net_state(out);
      }
  }
  auto whole = route(AF_INET, 2);
  for (size_t size = 0; size < whole.size(); ++size)
    CHECK(parse_way(std::span(whole).first(size)) == way_unknown);
  auto name = link(2, std::string(200, 'x'), up);
  CHECK(parsed({name}).links[0].name.size() == IFNAMSIZ);
}
