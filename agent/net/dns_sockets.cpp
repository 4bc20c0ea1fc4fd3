#include "agent/net/dns_sockets.hpp"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "agent/net/connection.hpp"
#include "agent/net/socket_name.hpp"

namespace qcloud {

namespace asio = boost::asio;

DnsSockets::DnsSockets(asio::any_io_executor executor, Meter& meter, std::string host)
    : wake(std::make_shared<Signal>(executor)), executor_(executor), meter_(meter), host_(std::move(host)) {}

DnsSockets::~DnsSockets() {
  for (auto& [fd, descriptor] : watched_) descriptor->release();
  watched_.clear();
  if (channel_) ares_destroy(channel_);
}

bool DnsSockets::open(Millis timeout, int tries) {
  ares_options options{};
  options.timeout = static_cast<int>(timeout.count());
  options.tries = tries;
  // The name as it was declared: never with the LAN's search domain behind it. ares_getaddrinfo() of c-ares
  // 1.18 does not look at ARES_FLAG_NOSEARCH; an empty list of domains, given as ours, it heeds.
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  options.ndomains = 0;
  // DNS alone: the hosts file is read by ourselves.
  char dns_only[] = "b";
  options.lookups = dns_only;
  if (ares_init_options(&channel_, &options,
                        ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                            ARES_OPT_DOMAINS) != ARES_SUCCESS)
    return false;
  ares_set_socket_functions(channel_, &functions, this);
  return true;
}

void DnsSockets::forget(ares_socket_t fd) {
  auto at = watched_.find(fd);
  if (at == watched_.end()) return;
  at->second->release();
  watched_.erase(at);
}

ares_socket_t DnsSockets::open_socket(int domain, int type, int protocol, void* data) {
  int fd = ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd < 0) return fd;
  static_cast<DnsSockets*>(data)->sockets_[fd].udp = type == SOCK_DGRAM;
  if (type == SOCK_STREAM) small_segments(fd);
  return fd;
}

int DnsSockets::close_socket(ares_socket_t fd, void* data) {
  auto* self = static_cast<DnsSockets*>(data);
  self->forget(fd);
  auto at = self->sockets_.find(fd);
  if (at != self->sockets_.end()) {
    Counted& count = at->second;
    char unread[1500];
    ssize_t more;
    int waiting = 0;
    while (count.udp && (more = ::recv(fd, unread, sizeof unread, MSG_DONTWAIT)) > 0)
      count.in += static_cast<std::uint64_t>(more);
    // TCP: as a connection's abort(). What is not acknowledged must not be sent again by the kernel later.
    if (!count.udp && ::ioctl(fd, FIONREAD, &waiting) == 0) count.in += static_cast<std::uint64_t>(waiting);
    if (!count.udp && ::ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting > 0) {
      int unsent = 0;
      if (::ioctl(fd, SIOCOUTQNSD, &unsent) == 0)
        count.out -= std::min(count.out, static_cast<std::uint64_t>(unsent));
      linger reset{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    if (count.row) self->meter_.closed(count.row, count.out, count.in, ConnectionEnd::closed);
    self->sockets_.erase(at);
  }
  return ::close(fd);
}

int DnsSockets::connect_socket(ares_socket_t fd, const sockaddr* to, ares_socklen_t size, void* data) {
  auto* self = static_cast<DnsSockets*>(data);
  if (!self->meter_.permitted()) {
    errno = EPERM;
    return -1;
  }
  int result = ::connect(fd, to, size);
  if (result != 0 && errno != EINPROGRESS) return result;
  int kept = errno;
  Counted& count = self->sockets_[fd];
  count.server = peer_name(to);
  count.row = self->meter_.opened({count.udp ? "udp" : "tcp", local_name(fd), count.server, 0});
  if (!count.row) {
    errno = EPERM;
    return -1;
  }
  errno = kept;
  return result;
}

ares_ssize_t DnsSockets::receive(ares_socket_t fd, void* into, size_t size, int flags, sockaddr* from,
                                 ares_socklen_t* length, void* data) {
  auto got = ::recvfrom(fd, into, size, flags, from, length);
  auto* self = static_cast<DnsSockets*>(data);
  if (got > 0) self->heard_ = true;
  if (got > 0) self->sockets_[fd].in += static_cast<std::uint64_t>(got);
  return got;
}

ares_ssize_t DnsSockets::send_vector(ares_socket_t fd, const iovec* parts, int count, void* data) {
  auto* self = static_cast<DnsSockets*>(data);
  Counted& counted = self->sockets_[fd];
  if (counted.out == 0) self->meter_.asked(counted.row, self->host_, counted.server);
  self->server_ = counted.server;
  auto sent = ::writev(fd, parts, count);
  if (sent > 0) counted.out += static_cast<std::uint64_t>(sent);
  return sent;
}

const ares_socket_functions DnsSockets::functions{open_socket, close_socket, connect_socket, receive,
                                                  send_vector};

void DnsSockets::watch() {
  ares_socket_t fds[ARES_GETSOCK_MAXNUM];
  int bits = ares_getsock(channel_, fds, ARES_GETSOCK_MAXNUM);
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    bool readable = ARES_GETSOCK_READABLE(bits, i) != 0;
    bool writable = ARES_GETSOCK_WRITABLE(bits, i) != 0;
    if (!readable && !writable) continue;
    auto& slot = watched_[fds[i]];
    if (!slot) slot = std::make_unique<asio::posix::stream_descriptor>(executor_, fds[i]);
    auto notify = [wake = wake](boost::system::error_code failed) {
      if (!failed) wake->notify();
    };
    if (readable) slot->async_wait(asio::posix::stream_descriptor::wait_read, notify);
    if (writable) slot->async_wait(asio::posix::stream_descriptor::wait_write, notify);
  }
}

void DnsSockets::process() {
  ares_socket_t fds[ARES_GETSOCK_MAXNUM];
  int bits = ares_getsock(channel_, fds, ARES_GETSOCK_MAXNUM);
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    bool readable = ARES_GETSOCK_READABLE(bits, i) != 0;
    bool writable = ARES_GETSOCK_WRITABLE(bits, i) != 0;
    if (readable || writable)
      ares_process_fd(channel_, readable ? fds[i] : ARES_SOCKET_BAD, writable ? fds[i] : ARES_SOCKET_BAD);
  }
  ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // its timeouts
}

}  // namespace qcloud
