#include "agent/net/way.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "agent/core/ip.hpp"

namespace qcloud {

namespace asio = boost::asio;

Addresses attempt_order(const Addresses& found, Family family) {
  Addresses v4, v6, order;
  for (const auto& address : found) {
    auto& list = address.is_v4() ? v4 : v6;
    if (std::find(list.begin(), list.end(), address) == list.end()) list.push_back(address);
  }
  if (family == Family::ipv4) v6.clear();
  if (family == Family::ipv6) v4.clear();
  for (std::size_t i = 0; i < std::max(v4.size(), v6.size()); ++i) {
    if (i < v4.size()) order.push_back(v4[i]);
    if (i < v6.size()) order.push_back(v6[i]);
  }
  return order;
}

// A datagram socket is "connected" by a look into the routing table alone.
bool has_route(Family family) {
  bool v6 = family == Family::ipv6;
  int fd = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in to4{};
  to4.sin_family = AF_INET;
  to4.sin_port = htons(9);
  to4.sin_addr.s_addr = htonl(0xc0000201);  // 192.0.2.1: nobody (RFC 5737)
  sockaddr_in6 to6{};
  to6.sin6_family = AF_INET6;
  to6.sin6_port = htons(9);
  to6.sin6_addr.s6_addr[0] = 0x20;  // 2000::
  int result = v6 ? ::connect(fd, reinterpret_cast<sockaddr*>(&to6), sizeof to6)
                  : ::connect(fd, reinterpret_cast<sockaddr*>(&to4), sizeof to4);
  ::close(fd);
  return result == 0;
}

std::optional<Error> family_mismatch(bool has_v4, bool has_v6, bool route_v4, bool route_v6) {
  if (has_v4 && !has_v6 && !route_v4 && route_v6)
    return Error{"net.unreachable", Retry::retry_later,
                 "The cloud has only IPv4 addresses, and this network has only IPv6.",
                 "Ask the provider or the network's administrator for NAT64 with DNS64, or for IPv4."};
  if (has_v6 && !has_v4 && !route_v6 && route_v4)
    return Error{"net.unreachable", Retry::retry_later,
                 "The cloud has only IPv6 addresses, and this network has only IPv4.",
                 "Ask the provider or the network's administrator for IPv6."};
  return std::nullopt;
}

bool is_sinkhole(const asio::ip::address& address) {
  return address.is_unspecified() || address.is_loopback() || address.is_multicast();
}

bool is_private(const asio::ip::address& address) {
  auto ip = parse_ip(address.to_string());
  return ip && reach_of(*ip) == Reach::local;
}

}  // namespace qcloud
