#include "agent/net/resolver.hpp"

#include <ares.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <map>

#include "agent/core/signal.hpp"
#include "agent/net/socket_name.hpp"

namespace qcloud {

namespace asio = boost::asio;

namespace {

struct Counted {
  std::int64_t row = 0;
  std::uint64_t out = 0;
  std::uint64_t in = 0;
  bool udp = true;
  std::string server;
};

// One look-up: a channel, its sockets, and the descriptors that wake us. Lives as long as the
// coroutine's frame, so cancelling the coroutine closes everything.
struct Lookup {
  Lookup(asio::any_io_executor executor, Meter& m, std::string h)
      : executor(executor), wake(std::make_shared<Signal>(executor)), meter(m), host(std::move(h)) {}
  ~Lookup() {
    for (auto& [fd, descriptor] : watched) descriptor->release();
    watched.clear();
    if (channel) ares_destroy(channel);
  }
  Lookup(const Lookup&) = delete;

  void forget(ares_socket_t fd) {
    auto at = watched.find(fd);
    if (at == watched.end()) return;
    at->second->release();
    watched.erase(at);
  }

  asio::any_io_executor executor;
  std::shared_ptr<Signal> wake;
  Meter& meter;
  std::string host;
  ares_channel channel = nullptr;
  std::map<ares_socket_t, Counted> sockets;
  std::map<ares_socket_t, std::unique_ptr<asio::posix::stream_descriptor>> watched;
  bool done = false;
  int status = ARES_SUCCESS;
  std::vector<asio::ip::address> addresses;
};

ares_socket_t open_socket(int domain, int type, int protocol, void* data) {
  int fd = ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd >= 0) static_cast<Lookup*>(data)->sockets[fd].udp = type == SOCK_DGRAM;
  return fd;
}

int close_socket(ares_socket_t fd, void* data) {
  auto* self = static_cast<Lookup*>(data);
  self->forget(fd);
  auto at = self->sockets.find(fd);
  if (at != self->sockets.end()) {
    const Counted& count = at->second;
    char unread[1500];
    ssize_t more;
    while (count.udp && (more = ::recv(fd, unread, sizeof unread, MSG_DONTWAIT)) > 0)
      at->second.in += static_cast<std::uint64_t>(more);
    if (count.row) self->meter.closed(count.row, count.out, count.in, ConnectionEnd::closed);
    self->sockets.erase(at);
  }
  return ::close(fd);
}

int connect_socket(ares_socket_t fd, const sockaddr* to, ares_socklen_t size, void* data) {
  auto* self = static_cast<Lookup*>(data);
  if (!self->meter.permitted()) {
    errno = EPERM;
    return -1;
  }
  int result = ::connect(fd, to, size);
  if (result != 0 && errno != EINPROGRESS) return result;
  int kept = errno;
  Counted& count = self->sockets[fd];
  count.server = peer_name(to);
  count.row = self->meter.opened({count.udp ? "udp" : "tcp", local_name(fd), count.server, 0});
  if (!count.row) {
    errno = EPERM;
    return -1;
  }
  errno = kept;
  return result;
}

ares_ssize_t receive(ares_socket_t fd, void* into, size_t size, int flags, sockaddr* from,
                     ares_socklen_t* length, void* data) {
  auto got = ::recvfrom(fd, into, size, flags, from, length);
  if (got > 0) static_cast<Lookup*>(data)->sockets[fd].in += static_cast<std::uint64_t>(got);
  return got;
}

ares_ssize_t send_vector(ares_socket_t fd, const iovec* parts, int count, void* data) {
  auto* self = static_cast<Lookup*>(data);
  Counted& counted = self->sockets[fd];
  if (counted.out == 0) self->meter.asked(counted.row, self->host, counted.server);
  auto sent = ::writev(fd, parts, count);
  if (sent > 0) counted.out += static_cast<std::uint64_t>(sent);
  return sent;
}

constexpr ares_socket_functions functions{open_socket, close_socket, connect_socket, receive, send_vector};

void found(void* data, int status, int, ares_addrinfo* result) {
  auto* self = static_cast<Lookup*>(data);
  self->status = status;
  self->done = true;
  if (!result) return;
  for (auto* node = result->nodes; node; node = node->ai_next) {
    if (node->ai_family == AF_INET) {
      auto* in = reinterpret_cast<sockaddr_in*>(node->ai_addr);
      self->addresses.emplace_back(asio::ip::address_v4(ntohl(in->sin_addr.s_addr)));
    } else if (node->ai_family == AF_INET6) {
      auto* in = reinterpret_cast<sockaddr_in6*>(node->ai_addr);
      asio::ip::address_v6::bytes_type bytes;
      std::copy_n(in->sin6_addr.s6_addr, 16, bytes.begin());
      self->addresses.emplace_back(asio::ip::address_v6(bytes));
    }
  }
  ares_freeaddrinfo(result);
}

// Arms a wake-up for each socket that c-ares waits on.
void watch(Lookup& self) {
  ares_socket_t fds[ARES_GETSOCK_MAXNUM];
  int bits = ares_getsock(self.channel, fds, ARES_GETSOCK_MAXNUM);
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    bool readable = ARES_GETSOCK_READABLE(bits, i) != 0;
    bool writable = ARES_GETSOCK_WRITABLE(bits, i) != 0;
    if (!readable && !writable) continue;
    auto& slot = self.watched[fds[i]];
    if (!slot) slot = std::make_unique<asio::posix::stream_descriptor>(self.executor, fds[i]);
    auto notify = [wake = self.wake](boost::system::error_code failed) {
      if (!failed) wake->notify();
    };
    if (readable) slot->async_wait(asio::posix::stream_descriptor::wait_read, notify);
    if (writable) slot->async_wait(asio::posix::stream_descriptor::wait_write, notify);
  }
}

void process_ready(Lookup& self) {
  ares_socket_t fds[ARES_GETSOCK_MAXNUM];
  int bits = ares_getsock(self.channel, fds, ARES_GETSOCK_MAXNUM);
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    bool readable = ARES_GETSOCK_READABLE(bits, i) != 0;
    bool writable = ARES_GETSOCK_WRITABLE(bits, i) != 0;
    if (readable || writable)
      ares_process_fd(self.channel, readable ? fds[i] : ARES_SOCKET_BAD, writable ? fds[i] : ARES_SOCKET_BAD);
  }
  ares_process_fd(self.channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // its timeouts
}

}  // namespace

Task<Result<std::vector<asio::ip::address>>> Resolver::lookup(std::string host, Family family, Meter& meter,
                                                              Instant deadline) {
  Error failed{"net.dns_failed", Retry::retry_soon, "The name " + host + " could not be looked up.",
               "Check the DNS server in this box's network settings."};
  boost::system::error_code not_literal;
  auto literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return std::vector<asio::ip::address>{literal};

  // However many servers are silent: the request still needs time of its own.
  deadline = std::min(deadline, clock_.now() + seconds(12));
  Lookup self(executor_, meter, host);
  ares_options options{};
  options.timeout = 1500;
  options.tries = 3;
  // The name as it was declared: never with the LAN's search domain behind it.
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  if (ares_init_options(&self.channel, &options, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) !=
      ARES_SUCCESS)
    co_return failed;
  ares_set_socket_functions(self.channel, &functions, &self);
  ares_addrinfo_hints hints{};
  hints.ai_family = family == Family::ipv4 ? AF_INET : family == Family::ipv6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(self.channel, host.c_str(), nullptr, &hints, found, &self);

  while (!self.done) {
    watch(self);
    timeval longest{5, 0}, next{};
    const timeval* left = ares_timeout(self.channel, &longest, &next);
    auto until = std::min(deadline, clock_.now() + Millis(left->tv_sec * 1000 + left->tv_usec / 1000 + 1));
    co_await self.wake->wait_until(clock_, until);
    if (clock_.now() >= deadline) co_return failed;
    process_ready(self);
  }
  if (self.status != ARES_SUCCESS || self.addresses.empty()) {
    failed.detail = "The name " + host + " could not be looked up (" + ares_strerror(self.status) + ").";
    co_return failed;
  }
  std::stable_sort(self.addresses.begin(), self.addresses.end(),
                   [](const auto& a, const auto& b) { return a.is_v4() && !b.is_v4(); });
  co_return std::move(self.addresses);
}

}  // namespace qcloud
