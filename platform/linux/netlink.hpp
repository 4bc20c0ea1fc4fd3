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
};

struct AddressMessage {
  int link = 0;
  IpAddress address;
  bool temporary = false, deprecated = false;
  bool settled = false;  // duplicate address detection ended well
};

// A default route: unicast, to any destination, in the main table. Other routes are not kept.
struct RouteMessage {
  bool v6 = false;
  int link = 0;  // 0: several next hops, or a next hop object
};

// One or more datagrams, taken apart. A message that something went away leaves no struct, only a
// reason to ask again (`changed`): the state is derived from whole dumps, never patched by events.
struct Netlink {
  std::vector<LinkMessage> links;
  std::vector<AddressMessage> addresses;
  std::vector<RouteMessage> routes;
  bool changed = false;      // something that NetState is made of may be different now
  bool done = false;         // the end of a dump
  bool interrupted = false;  // NLM_F_DUMP_INTR: the table changed while it was dumped
  bool malformed = false;    // lengths that do not fit; the rest of that datagram is not read
  int error = 0;             // errno of the kernel's refusal, positive
};

// Appends to `out`. Never reads beyond `bytes`, whatever the lengths inside say.
void parse_netlink(std::span<const unsigned char> bytes, Netlink& out);

// What the dumps of links, addresses and routes add up to. Left out: loopback, IPv6 link-local,
// addresses that are not settled, and whatever belongs to a link that is not running: nobody can
// reach this box there.
NetState net_state(const Netlink& dumps);

}  // namespace qcloud
