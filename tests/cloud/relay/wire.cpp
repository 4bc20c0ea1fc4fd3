#include "tests/cloud/relay/wire.hpp"

#include <netinet/tcp.h>
#include <openssl/err.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace refrelay {
namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);

}  // namespace

Wire::Wire(tcp::socket socket) : socket_(std::move(socket)) {
  boost::system::error_code failed;
  socket_.native_non_blocking(true, failed);
  socket_.set_option(tcp::no_delay(true), failed);
  // What the scheduler of HTTP/2 has not handed over it can still put in a better order.
  int unsent = 128 * 1024;
  ::setsockopt(fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
  auto remote = socket_.remote_endpoint(failed);
  auto address = remote.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  peer_ = address.to_string();
  peer_port_ = remote.port();
}

Wire::~Wire() = default;

Task<bool> Wire::ready(int result) {
  int wanted = SSL_get_error(ssl_.get(), result);
  if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) co_return false;
  auto direction = wanted == SSL_ERROR_WANT_READ ? tcp::socket::wait_read : tcp::socket::wait_write;
  auto [failed] = co_await socket_.async_wait(direction, as_value);
  co_return !failed;
}

Task<bool> Wire::accept_tls(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), fd());
  SSL_set_accept_state(ssl_.get());
  for (;;) {
    ERR_clear_error();
    int done = SSL_do_handshake(ssl_.get());
    if (done == 1) co_return true;
    bool again = co_await ready(done);
    if (!again) co_return false;
  }
}

Task<long> Wire::read(std::span<char> into) {
  for (;;) {
    if (!socket_.is_open()) co_return -1;
    if (ssl_) {
      ERR_clear_error();
      int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
      if (got > 0) co_return got;
      if (SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN) co_return 0;
      bool again = co_await ready(got);
      if (!again) co_return -1;
      continue;
    }
    auto got = ::recv(fd(), into.data(), into.size(), 0);
    if (got >= 0) co_return got;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return -1;
    auto [failed] = co_await socket_.async_wait(tcp::socket::wait_read, as_value);
    if (failed) co_return -1;
  }
}

Task<bool> Wire::write(std::span<const char> from) {
  while (!from.empty()) {
    if (!socket_.is_open()) co_return false;
    long put = 0;
    if (ssl_) {
      ERR_clear_error();
      put = SSL_write(ssl_.get(), from.data(), static_cast<int>(from.size()));
      if (put <= 0) {
        bool again = co_await ready(static_cast<int>(put));
        if (!again) co_return false;
        continue;
      }
    } else {
      put = ::send(fd(), from.data(), from.size(), MSG_NOSIGNAL);
      if (put < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) co_return false;
        auto [failed] = co_await socket_.async_wait(tcp::socket::wait_write, as_value);
        if (failed) co_return false;
        continue;
      }
    }
    from = from.subspan(static_cast<std::size_t>(put));
  }
  co_return true;
}

void Wire::finish() {
  if (ssl_ && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  boost::system::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Wire::abort(bool with_reset) {
  boost::system::error_code ignored;
  if (!socket_.is_open()) return;
  if (with_reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

Task<void> sleep_for(std::chrono::milliseconds span) {
  asio::steady_timer timer(co_await asio::this_coro::executor, span);
  co_await timer.async_wait(as_value);
}

}  // namespace refrelay
