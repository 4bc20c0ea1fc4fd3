#include "platform/linux/netlink.hpp"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "platform/local_address.hpp"

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

bool parse_link(Bytes body, Netlink& out) {
  ifinfomsg info;
  if (!take(body, info)) return false;
  LinkMessage link;
  link.index = info.ifi_index;
  link.loopback = info.ifi_flags & IFF_LOOPBACK;
  link.running = (info.ifi_flags & IFF_UP) && (info.ifi_flags & IFF_RUNNING);
  bool fits = attributes(after(body, sizeof info), [&](std::uint16_t type, Bytes value) {
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

bool parse_route(Bytes body, bool added, Netlink& out) {
  rtmsg info;
  if (!take(body, info)) return false;
  RouteMessage route;
  route.v6 = info.rtm_family == AF_INET6;
  std::uint32_t table = info.rtm_table;
  bool fits = attributes(after(body, sizeof info), [&](std::uint16_t type, Bytes value) {
    if (type == RTA_OIF) take(value, route.link);
    if (type == RTA_TABLE) take(value, table);  // numbers above 255
  });
  if (!fits) return false;
  // A busy firewall or container host changes routes to single hosts all the time: those are no news.
  // Neither table nor type decide it: a default route may be replaced by an unreachable one.
  if (info.rtm_dst_len != 0) return true;
  out.changed = true;
  bool counts = added && table == RT_TABLE_MAIN && info.rtm_type == RTN_UNICAST &&
                !(info.rtm_flags & RTM_F_CLONED) &&
                (info.rtm_family == AF_INET || info.rtm_family == AF_INET6);
  if (counts) out.routes.push_back(route);
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

NetState net_state(const Netlink& dumps) {
  std::map<int, const LinkMessage*> links;
  for (const auto& link : dumps.links) links[link.index] = &link;
  auto usable = [&](int index) {
    auto at = links.find(index);
    return at != links.end() && at->second->running && !at->second->loopback;
  };
  NetState state;
  for (const auto& each : dumps.addresses) {
    const auto& b = each.address.bytes;
    bool link_local = each.address.v6 && b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
    if (!each.settled || link_local || !usable(each.link)) continue;
    state.addresses.push_back(
        local_address(each.address, links[each.link]->name, each.temporary, each.deprecated));
  }
  std::sort(state.addresses.begin(), state.addresses.end(), in_order);
  for (const auto& route : dumps.routes)
    if (route.link == 0 || usable(route.link)) (route.v6 ? state.route6 : state.route4) = true;
  return state;
}

}  // namespace qcloud
