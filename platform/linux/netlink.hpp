// rtnetlink (RFC 3549) as bytes: what the kernel says of links, addresses and routes.
// Pure: no socket, no clock. The layout is the running machine's own byte order, as the kernel sends it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "platform/platform.hpp"

namespace qcloud {

struct LinkMessage {
  int index = 0;
  std::string name;
  bool loopback = false;
  bool running = false;  // switched on, and a carrier (or a kind that knows no carrier)
  bool tunnel = false;   // a VPN, PPP, IP in IP: what it is connected to is elsewhere
};

struct AddressMessage {
  int link = 0;
  IpAddress address;
  bool temporary = false, deprecated = false;
  bool settled = false;  // duplicate address detection ended well
};

// A default route: unicast, to any destination. Other routes are not kept.
struct RouteMessage {
  bool v6 = false;
  bool main = false;  // in the main table; else in one that rules choose (a VPN's, one for each port)
  int link = 0;       // 0: a next hop object; several next hops make several messages
};

inline constexpr int way_unknown = -1;

// One or more datagrams, taken apart. A message that something went away leaves no struct, only a
// reason to ask again (`changed`): the state is derived from whole dumps, never patched by events.
struct Netlink {
  std::vector<LinkMessage> links;
  std::vector<AddressMessage> addresses;
  std::vector<RouteMessage> routes;
  // The link that a packet to the internet would leave by; 0: it would not leave. Asked for by itself
  // (parse_way); where it is not known, the default routes of the main table have to do.
  int way4 = way_unknown, way6 = way_unknown;
  bool changed = false;      // something that NetState is made of may be different now
  bool done = false;         // the end of a dump
  bool interrupted = false;  // NLM_F_DUMP_INTR: the table changed while it was dumped
  bool malformed = false;    // lengths that do not fit; the rest of that datagram is not read
  int error = 0;             // errno of the kernel's refusal, positive
};

// Appends to `out`. Never reads beyond `bytes`, whatever the lengths inside say.
void parse_netlink(std::span<const unsigned char> bytes, Netlink& out);

// The kernel's answer to "which way to this address?": a link, 0 for none, or way_unknown.
int parse_way(std::span<const unsigned char> bytes);

// What the dumps of links, addresses and routes add up to. Left out: loopback, IPv6 link-local,
// addresses that are not settled, and whatever belongs to a link that is not running: nobody can
// reach this box there.
NetState net_state(const Netlink& dumps);

}  // namespace qcloud
