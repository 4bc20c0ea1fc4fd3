// Messages as the kernel would send them, made for tests.
#pragma once

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "agent/core/ip.hpp"

namespace netlink_bytes {

using Bytes = std::vector<unsigned char>;

inline void append(Bytes& out, const void* data, size_t size) {
  auto* bytes = static_cast<const unsigned char*>(data);
  out.insert(out.end(), bytes, bytes + size);
  out.resize((out.size() + 3) & ~size_t(3));
}

inline void attribute(Bytes& out, std::uint16_t type, const void* data, size_t size) {
  rtattr head{static_cast<unsigned short>(sizeof(rtattr) + size), type};
  append(out, &head, sizeof head);
  append(out, data, size);
}

inline Bytes message(std::uint16_t type, const Bytes& body, std::uint16_t flags = NLM_F_MULTI) {
  nlmsghdr head{static_cast<std::uint32_t>(sizeof(nlmsghdr) + body.size()), type, flags, 1, 0};
  Bytes out;
  append(out, &head, sizeof head);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

inline Bytes link(int index, const std::string& name, unsigned flags, unsigned short type = ARPHRD_ETHER,
                  const std::string& kind = "") {
  ifinfomsg info{};
  info.ifi_type = type;
  info.ifi_index = index;
  info.ifi_flags = flags;
  Bytes body;
  append(body, &info, sizeof info);
  attribute(body, IFLA_IFNAME, name.c_str(), name.size() + 1);
  Bytes nested;
  attribute(nested, IFLA_INFO_KIND, kind.c_str(), kind.size() + 1);
  if (!kind.empty()) attribute(body, IFLA_LINKINFO, nested.data(), nested.size());
  return message(RTM_NEWLINK, body);
}

inline constexpr unsigned up = IFF_UP | IFF_RUNNING;

inline Bytes address(const std::string& text, unsigned index, std::uint32_t flags = 0,
                     std::uint16_t kind = IFA_ADDRESS) {
  auto ip = *qcloud::parse_ip(text);
  ifaddrmsg info{};
  info.ifa_family = ip.v6 ? AF_INET6 : AF_INET;
  info.ifa_index = index;
  info.ifa_flags = static_cast<unsigned char>(flags);
  Bytes body;
  append(body, &info, sizeof info);
  attribute(body, kind, ip.bytes.data(), ip.v6 ? 16 : 4);
  attribute(body, IFA_FLAGS, &flags, sizeof flags);
  return message(RTM_NEWADDR, body);
}

inline Bytes route(int family, int link, std::uint32_t table = RT_TABLE_MAIN, int kind = RTN_UNICAST,
                   int bits = 0, std::uint16_t type = RTM_NEWROUTE) {
  rtmsg info{};
  info.rtm_family = static_cast<unsigned char>(family);
  info.rtm_dst_len = static_cast<unsigned char>(bits);
  info.rtm_table =
      table < 256 ? static_cast<unsigned char>(table) : static_cast<unsigned char>(RT_TABLE_COMPAT);
  info.rtm_type = static_cast<unsigned char>(kind);
  Bytes body;
  append(body, &info, sizeof info);
  attribute(body, RTA_TABLE, &table, sizeof table);
  attribute(body, RTA_OIF, &link, sizeof link);
  return message(type, body);
}

}  // namespace netlink_bytes
