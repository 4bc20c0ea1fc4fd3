#include "platform/linux/net_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "agent/core/race.hpp"
#include "platform/linux/fd.hpp"
#include "platform/linux/netlink.hpp"

namespace qcloud {

namespace asio = boost::asio;

namespace {

// The kernel fills a dump up to 32 KiB a datagram when it is offered that much.
using Buffer = std::array<unsigned char, 32768>;

// A table that changes while it is dumped is asked for again; under constant change the last
// answer has to do, and the change itself is an event that leads to the next dump.
constexpr int max_tries = 3;

// A burst is read to its end before the one dump that it causes; a flood must not starve the agent.
constexpr int max_burst = 256;

// RTNLGRP_IPV6_RULE; the headers have a mask for IPv4's only.
constexpr std::uint32_t ipv6_rules = 1U << (RTNLGRP_IPV6_RULE - 1);

Fd netlink_socket(std::uint32_t groups) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd) return fd;
  sockaddr_nl name{};
  name.nl_family = AF_NETLINK;
  name.nl_groups = groups;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) return Fd();
  return fd;
}

enum class Read { datagram, nothing, doubt };

// One datagram from the kernel, parsed into `out`. ENOBUFS (events were lost) is a doubt.
Read read_one(int fd, Buffer& buffer, Netlink& out) {
  sockaddr_nl sender{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &sender;
  message.msg_namelen = sizeof sender;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ssize_t size;
  do size = ::recvmsg(fd, &message, 0);
  while (size < 0 && errno == EINTR);
  if (size < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Read::nothing : Read::doubt;
  // Any local program may send to a netlink socket; only port 0 is the kernel.
  if (sender.nl_pid != 0) return Read::datagram;
  parse_netlink(std::span(buffer).first(static_cast<size_t>(size)), out);
  return message.msg_flags & MSG_TRUNC ? Read::doubt : Read::datagram;
}

bool request(int fd, std::uint16_t type, std::uint8_t family) {
  // The longest of the three request headers serves all: the kernel wants its own at least.
  struct {
    nlmsghdr head;
    union {
      ifinfomsg link;
      ifaddrmsg address;
      rtmsg route;
    };
  } ask{};
  size_t body = type == RTM_GETLINK   ? sizeof ask.link
                : type == RTM_GETADDR ? sizeof ask.address
                                      : sizeof ask.route;
  ask.head.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(body));
  ask.head.nlmsg_type = type;
  ask.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  ask.head.nlmsg_seq = type;
  ask.link.ifi_family = family;  // the first byte of all three
  return ::send(fd, &ask, ask.head.nlmsg_len, 0) == static_cast<ssize_t>(ask.head.nlmsg_len);
}

// The kernel makes each part of a dump while it is read, so reading never has to wait.
bool dump(int fd, std::uint16_t type, std::uint8_t family, Buffer& buffer, Netlink& out) {
  if (!request(fd, type, family)) return false;
  out.done = false;
  out.error = 0;
  while (!out.done && out.error == 0 && !out.malformed)
    if (read_one(fd, buffer, out) != Read::datagram) return false;
  return out.done && out.error == 0;
}

// Which way would a packet to the internet take? The kernel answers with all its rules and tables; no
// packet is sent. Asked for is a.root-servers.net, which lies nowhere near any box's own networks.
int way_out(int fd, bool v6, Buffer& buffer) {
  struct {
    nlmsghdr head;
    rtmsg route;
    rtattr attribute;
    std::array<std::uint8_t, 16> to;
  } ask{};
  const auto target = *parse_ip(v6 ? "2001:503:ba3e::2:30" : "198.41.0.4");
  const unsigned size = v6 ? 16 : 4;
  ask.head.nlmsg_len = static_cast<std::uint32_t>(offsetof(decltype(ask), to) + size);
  ask.head.nlmsg_type = RTM_GETROUTE;
  ask.head.nlmsg_flags = NLM_F_REQUEST;
  ask.route.rtm_family = v6 ? AF_INET6 : AF_INET;
  ask.route.rtm_dst_len = static_cast<unsigned char>(size * 8);
  ask.attribute.rta_len = static_cast<unsigned short>(sizeof ask.attribute + size);
  ask.attribute.rta_type = RTA_DST;
  ask.to = target.bytes;
  if (::send(fd, &ask, ask.head.nlmsg_len, 0) != static_cast<ssize_t>(ask.head.nlmsg_len)) return way_unknown;
  ssize_t got;
  do got = ::recv(fd, buffer.data(), buffer.size(), 0);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return way_unknown;
  return parse_way(std::span(buffer).first(static_cast<size_t>(got)));
}

enum class Dump { good, disturbed, failed };

Dump dump_all(Buffer& buffer, Netlink& out) {
  Fd fd = netlink_socket(0);  // a fresh one each time: nothing of an earlier dump can be left in it
  if (!fd || !dump(fd.get(), RTM_GETLINK, AF_UNSPEC, buffer, out) ||
      !dump(fd.get(), RTM_GETADDR, AF_UNSPEC, buffer, out) ||
      !dump(fd.get(), RTM_GETROUTE, AF_INET, buffer, out))
    return Dump::failed;
  // A kernel without IPv6 refuses, which is an answer.
  if (!dump(fd.get(), RTM_GETROUTE, AF_INET6, buffer, out) && out.error == 0) return Dump::failed;
  out.way4 = way_out(fd.get(), false, buffer);
  out.way6 = way_out(fd.get(), true, buffer);
  return out.interrupted ? Dump::disturbed : Dump::good;
}

}  // namespace

Result<std::unique_ptr<NetlinkWatch>> NetlinkWatch::open(const asio::any_io_executor& executor,
                                                         Clock& clock) {
  // Events are subscribed to before the first dump: what changes in between is not missed.
  Fd fd = netlink_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                         RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | ipv6_rules);
  if (!fd)
    return Error{
        "platform.no_netlink", Retry::give_up,
        std::string("The kernel does not tell about network addresses: ") + std::strerror(errno) + ".",
        "Run qcloudd outside of a sandbox that forbids netlink sockets."};
  std::unique_ptr<NetlinkWatch> watch(new NetlinkWatch(executor, clock, fd.release()));
  if (!watch->refresh())
    return Error{"platform.no_netlink", Retry::give_up, "The kernel refuses to list network addresses.",
                 "Run qcloudd outside of a sandbox that forbids netlink sockets."};
  return watch;
}

bool NetlinkWatch::drain() {
  Buffer buffer;
  Netlink events;
  bool doubt = false;
  for (int reads = 0; reads < max_burst; ++reads) {
    Read read = read_one(events_.native_handle(), buffer, events);
    if (read == Read::nothing) return doubt || events.changed;
    if (read == Read::doubt) doubt = true;
  }
  return true;
}

bool NetlinkWatch::refresh() {
  Buffer buffer;
  for (int tries = 1; tries <= max_tries; ++tries) {
    Netlink dumps;
    Dump result = dump_all(buffer, dumps);
    if (result == Dump::failed || (result == Dump::disturbed && tries < max_tries)) continue;
    state.set(settle_.next(state.get(), net_state(dumps), clock_.now()));
    return true;
  }
  return false;
}

Task<bool> NetlinkWatch::event() {
  co_await events_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  co_return true;
}

Task<void> NetlinkWatch::run() {
  for (;;) {
    bool called = true;
    if (auto due = settle_.due())
      called = (co_await within(event(), clock_, *due)).has_value();
    else
      co_await event();
    if (called && !drain()) continue;
    // Where the dump fails (no memory, no descriptor left), the state stays as it was until the next
    // event: an address that is old by a moment harms less than one that seems to be gone.
    if (!refresh() && !called) co_await clock_.sleep_for(Settle::patience);
  }
}

}  // namespace qcloud
