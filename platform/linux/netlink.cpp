#include "platform/linux/netlink.hpp"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace qcloud {
namespace {

using Bytes = std::span<const unsigned char>;

// Since Linux 3.14; older headers know neither, older kernels send neither.
constexpr std::uint16_t ifa_flags = 8;

// The datagram may lie at any address, so structures are copied out, never cast.
template <class T>
bool take(Bytes from, T& out) {
  if (from.size() < sizeof(T)) return false;
  std::memcpy(&out, from.data(), sizeof(T));
  return true;
}

Bytes after(Bytes from, size_t size) {
  return from.subspan(std::min(from.size(), (size + NLMSG_ALIGNTO - 1) & ~size_t(NLMSG_ALIGNTO - 1)));
}

// Calls `each(type, value)`; false when the lengths do not fit.
template <class F>
bool attributes(Bytes from, F each) {
  rtattr head;
  while (take(from, head)) {
    if (head.rta_len < sizeof head || head.rta_len > from.size()) return false;
    each(static_cast<std::uint16_t>(head.rta_type & NLA_TYPE_MASK),
         from.subspan(sizeof head, head.rta_len - sizeof head));
    from = after(from, head.rta_len);
  }
  return from.empty();
}

bool tunnel_hardware(unsigned type) {
  static constexpr unsigned known[] = {ARPHRD_NONE, ARPHRD_PPP,   ARPHRD_TUNNEL, ARPHRD_TUNNEL6,
                                       ARPHRD_SIT,  ARPHRD_IPGRE, ARPHRD_IP6GRE};
  return std::find(std::begin(known), std::end(known), type) != std::end(known);
}

// OpenVPN's other kind looks like Ethernet but for this.
bool tap(Bytes link_info) {
  bool found = false;
  attributes(link_info, [&](std::uint16_t type, Bytes value) {
    static constexpr std::string_view kind("tun\0", 4);
    if (type == IFLA_INFO_KIND) found = std::equal(value.begin(), value.end(), kind.begin(), kind.end());
  });
  return found;
}

bool parse_link(Bytes body, Netlink& out) {
  ifinfomsg info;
  if (!take(body, info)) return false;
  LinkMessage link;
  link.index = info.ifi_index;
  link.loopback = info.ifi_flags & IFF_LOOPBACK;
  link.running = (info.ifi_flags & IFF_UP) && (info.ifi_flags & IFF_RUNNING);
  link.tunnel = (info.ifi_flags & IFF_POINTOPOINT) || tunnel_hardware(info.ifi_type);
  bool fits = attributes(after(body, sizeof info), [&](std::uint16_t type, Bytes value) {
    if (type == IFLA_LINKINFO && tap(value)) link.tunnel = true;
    if (type != IFLA_IFNAME) return;
    auto end = std::find(value.begin(), value.end(), '\0');
    link.name.assign(value.begin(), std::min(end, value.begin() + std::min<long>(IFNAMSIZ, value.size())));
  });
  if (fits) out.links.push_back(std::move(link));
  return fits;
}

bool parse_address(Bytes body, Netlink& out) {
  ifaddrmsg info;
  if (!take(body, info)) return false;
  AddressMessage message;
  message.link = static_cast<int>(info.ifa_index);
  message.address.v6 = info.ifa_family == AF_INET6;
  const size_t size = message.address.v6 ? 16 : 4;
  std::uint32_t flags = info.ifa_flags;
  bool local = false, found = false;
  bool fits = attributes(after(body, sizeof info), [&](std::uint16_t type, Bytes value) {
    // On a point-to-point link IFA_ADDRESS is the other end; IFA_LOCAL is always ours.
    if ((type == IFA_LOCAL || (type == IFA_ADDRESS && !local)) && value.size() == size) {
      std::copy(value.begin(), value.end(), message.address.bytes.begin());
      local = local || type == IFA_LOCAL;
      found = true;
    }
    if (type == ifa_flags) take(value, flags);  // all 32 bits; the header has room for 8
  });
  if (!fits) return false;
  if (!found || (info.ifa_family != AF_INET && info.ifa_family != AF_INET6)) return true;
  message.settled = !(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
  // For IPv4 the same bit means a secondary address of the subnet.
  message.temporary = message.address.v6 && (flags & IFA_F_TEMPORARY);
  message.deprecated = flags & IFA_F_DEPRECATED;
  out.addresses.push_back(message);
  return true;
}

// The links of a route over several next hops.
void next_hops(Bytes from, std::vector<int>& links) {
  rtnexthop hop;
  while (take(from, hop) && hop.rtnh_len >= sizeof hop && hop.rtnh_len <= from.size()) {
    links.push_back(hop.rtnh_ifindex);
    from = after(from, hop.rtnh_len);
  }
}

bool parse_route(Bytes body, bool added, Netlink& out) {
  rtmsg info;
  if (!take(body, info)) return false;
  std::uint32_t table = info.rtm_table;
  std::vector<int> links;
  bool fits = attributes(after(body, sizeof info), [&](std::uint16_t type, Bytes value) {
    int link = 0;
    if (type == RTA_OIF && take(value, link)) links.push_back(link);
    if (type == RTA_MULTIPATH) next_hops(value, links);
    if (type == RTA_TABLE) take(value, table);  // numbers above 255
  });
  if (!fits) return false;
  // A busy firewall or container host changes routes to single hosts all the time: those are no news.
  // But a VPN may take the way out as two halves, 0.0.0.0/1 and 128.0.0.0/1, or as 2000::/3. Neither
  // table nor type decide it: a default route may be replaced by an unreachable one.
  if (info.rtm_dst_len > 3) return true;
  out.changed = true;
  bool counts = added && info.rtm_dst_len == 0 && table != RT_TABLE_LOCAL && info.rtm_type == RTN_UNICAST &&
                !(info.rtm_flags & RTM_F_CLONED) &&
                (info.rtm_family == AF_INET || info.rtm_family == AF_INET6);
  if (links.empty()) links.push_back(0);
  for (int link : links)
    if (counts) out.routes.push_back({info.rtm_family == AF_INET6, table == RT_TABLE_MAIN, link});
  return true;
}

bool parse_message(const nlmsghdr& head, Bytes body, Netlink& out) {
  if (head.nlmsg_flags & NLM_F_DUMP_INTR) out.interrupted = true;
  switch (head.nlmsg_type) {
    case NLMSG_NOOP:
      return true;
    case NLMSG_DONE:
    case NLMSG_ERROR: {
      std::int32_t code = 0;
      if (!take(body, code) && head.nlmsg_type == NLMSG_ERROR) return false;
      if (code < 0 && code != INT32_MIN) out.error = -code;
      out.done = out.done || head.nlmsg_type == NLMSG_DONE;
      return true;
    }
    case RTM_NEWLINK:
      out.changed = true;
      return parse_link(body, out);
    case RTM_NEWADDR:
      out.changed = true;
      return parse_address(body, out);
    case RTM_NEWROUTE:
      return parse_route(body, true, out);
    case RTM_DELROUTE:
      return parse_route(body, false, out);
    default:
      out.changed = true;
      return true;  // RTM_DELLINK, RTM_DELADDR, an overrun, the unknown
  }
}

}  // namespace

void parse_netlink(Bytes bytes, Netlink& out) {
  nlmsghdr head;
  while (take(bytes, head)) {
    if (head.nlmsg_len < sizeof head || head.nlmsg_len > bytes.size() ||
        !parse_message(head, bytes.subspan(sizeof head, head.nlmsg_len - sizeof head), out)) {
      out.malformed = out.changed = true;
      return;
    }
    bytes = after(bytes, head.nlmsg_len);
  }
  if (!bytes.empty()) out.malformed = out.changed = true;
}

int parse_way(Bytes bytes) {
  nlmsghdr head;
  if (!take(bytes, head) || head.nlmsg_len < sizeof head || head.nlmsg_len > bytes.size()) return way_unknown;
  Bytes body = bytes.subspan(sizeof head, head.nlmsg_len - sizeof head);
  std::int32_t code = 0;
  // No route, unreachable, prohibited: a refusal. Other errors mean that this kernel does not answer.
  if (head.nlmsg_type == NLMSG_ERROR) {
    bool refused = take(body, code) && (code == -ENETUNREACH || code == -EHOSTUNREACH || code == -EACCES);
    return refused ? 0 : way_unknown;
  }
  rtmsg info;
  if (head.nlmsg_type != RTM_NEWROUTE || !take(body, info)) return way_unknown;
  int link = 0;
  bool fits = attributes(after(body, sizeof info), [&](std::uint16_t type, Bytes value) {
    if (type == RTA_OIF) take(value, link);
  });
  if (!fits) return way_unknown;
  return info.rtm_type == RTN_UNICAST ? std::max(link, 0) : 0;
}

}  // namespace qcloud
