// One UDP datagram out, one answer in. With a hop limit the answer may be a router's ICMP "time
// exceeded" (RFC 792, RFC 4443), read from the socket's error queue: no raw socket, no privilege.
#include <time.h>

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/core/race.hpp"
#include "agent/net/http_client.hpp"
#include "agent/net/socket_name.hpp"

namespace qcloud {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

// The row closes with the scope, also when the coroutine is cancelled.
struct Counted {
  Meter& meter;
  int fd = -1;
  std::int64_t row = 0;
  std::uint64_t out = 0, in = 0;
  ~Counted() {
    char unread[1500];
    ssize_t more;
    while (fd >= 0 && (more = ::recv(fd, unread, sizeof unread, MSG_DONTWAIT)) > 0)
      in += static_cast<std::uint64_t>(more);
    if (row) meter.closed(row, out, in, ConnectionEnd::closed);
  }
};

std::string bare(const sockaddr* address) {
  auto name = peer_name(address);
  auto text = name.substr(0, name.rfind(':'));
  return text.starts_with('[') ? text.substr(1, text.size() - 2) : text;
}

std::optional<DatagramAnswer> router_answer(int fd) {
  char control[512];
  char scrap[64];
  iovec part{scrap, sizeof scrap};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  for (auto* part_header = CMSG_FIRSTHDR(&message); part_header;
       part_header = CMSG_NXTHDR(&message, part_header)) {
    if (part_header->cmsg_level != SOL_IP || part_header->cmsg_type != IP_RECVERR) continue;
    auto* error = reinterpret_cast<sock_extended_err*>(CMSG_DATA(part_header));
    if (error->ee_origin != SO_EE_ORIGIN_ICMP) continue;
    DatagramAnswer answer;
    answer.from = bare(SO_EE_OFFENDER(error));
    answer.expired_in_transit = error->ee_type == ICMP_TIME_EXCEEDED;
    return answer;
  }
  return std::nullopt;
}

Task<Result<DatagramAnswer>> wait_answer(udp::socket* socket, Counted* counted) {
  Error none{"net.unreachable", Retry::retry_later, "The datagram cannot be sent.", ""};
  for (;;) {
    auto [failed] = co_await socket->async_wait(udp::socket::wait_read, asio::as_tuple(asio::use_awaitable));
    if (failed) co_return none;
    if (auto answer = router_answer(socket->native_handle())) co_return std::move(*answer);
    char bytes[1500];
    auto got = ::recv(socket->native_handle(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0) continue;
    counted->in += static_cast<std::uint64_t>(got);
    DatagramAnswer answer;
    answer.payload.assign(bytes, static_cast<std::size_t>(got));
    co_return answer;
  }
}

}  // namespace

Task<Result<DatagramAnswer>> HttpClient::datagram(Datagram datagram, Meter& meter) {
  Error failed{"net.unreachable", Retry::retry_later, "The datagram cannot be sent.", ""};
  // A web proxy takes none, and where it is the way out nothing may go past it, not even the look-up.
  if (proxied()) co_return failed;
  auto addresses = co_await resolver_.lookup(datagram.host, Family::ipv4, meter, datagram.deadline);
  if (!addresses) co_return std::move(addresses).error();
  udp::endpoint to(addresses->front(), datagram.port);
  if (!to.address().is_v4()) co_return failed;
  if (!meter.permitted()) co_return failed;
  udp::socket socket(executor_);
  boost::system::error_code ignored;
  socket.open(to.protocol(), ignored);
  int fd = socket.native_handle();
  socket.native_non_blocking(true, ignored);
  int on = 1;
  ::setsockopt(fd, SOL_IP, IP_RECVERR, &on, sizeof on);
  if (datagram.hop_limit > 0)
    ::setsockopt(fd, SOL_IP, IP_TTL, &datagram.hop_limit, sizeof datagram.hop_limit);
  if (::connect(fd, to.data(), static_cast<socklen_t>(to.size())) != 0) co_return failed;
  Counted counted{meter, fd};
  counted.row = meter.opened({"udp", local_name(fd), peer_name(to.data()), datagram.message});
  if (!counted.row) co_return failed;
  auto sent = ::send(fd, datagram.payload.data(), datagram.payload.size(), 0);
  if (sent < 0) co_return failed;
  counted.out = static_cast<std::uint64_t>(sent);
  auto answer = co_await within(wait_answer(&socket, &counted), clock_, datagram.deadline);
  if (!answer) co_return Error{"net.timeout", Retry::retry_later, "No answer to the datagram.", ""};
  co_return std::move(*answer);
}

}  // namespace qcloud
