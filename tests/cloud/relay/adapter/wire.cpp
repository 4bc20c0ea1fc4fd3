#include "tests/cloud/relay/adapter/wire.hpp"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace refrelay {
namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);
constexpr int record_head = 5;  // bytes (RFC 8446, 5.1)
constexpr long read_at_once = 128 * 1024;
constexpr long written_at_once = 144 * 1024;  // a batch of 128 KiB, with what TLS adds to it

void set(int fd, int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); }

}  // namespace

Wire::Wire(tcp::socket socket) : socket_(std::move(socket)), moved_(std::chrono::steady_clock::now()) {
  boost::system::error_code failed;
  socket_.native_non_blocking(true, failed);
  socket_.set_option(tcp::no_delay(true), failed);
  // What the scheduler of HTTP/2 has not handed over it can still put in a better order.
  set(fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, 128 * 1024);
  auto remote = socket_.remote_endpoint(failed);
  peer_ = remote.address();
  if (peer_.is_v6() && peer_.to_v6().is_v4_mapped())
    peer_ = asio::ip::make_address_v4(asio::ip::v4_mapped, peer_.to_v6());
  peer_port_ = remote.port();
}

void Wire::impatient() { set(fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000); }

void Wire::keep_alive() {
  set(fd(), SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd(), IPPROTO_TCP, TCP_KEEPIDLE, 120);
  set(fd(), IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set(fd(), IPPROTO_TCP, TCP_KEEPCNT, 4);
}

Task<bool> Wire::ready(bool to_read) {
  if (to_read) emptied_ = false;
  auto [failed] =
      co_await socket_.async_wait(to_read ? tcp::socket::wait_read : tcp::socket::wait_write, as_value);
  co_return !failed;
}

// Each byte of a visitor waits here: without a coroutine of its own.
Task<std::tuple<boost::system::error_code>> Wire::readable() {
  emptied_ = false;
  return socket_.async_wait(tcp::socket::wait_read, as_value);
}

Task<bool> Wire::lost() {
  if (!socket_.is_open()) co_return false;
  auto [ended] = co_await socket_.async_wait(tcp::socket::wait_error, as_value);
  if (ended) co_return false;
  int code = 0;
  socklen_t size = sizeof code;
  co_return ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code != 0;
}

Task<bool> Wire::accept_tls(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), fd());
  SSL_set_accept_state(ssl_.get());
  for (;;) {
    ERR_clear_error();
    int done = SSL_do_handshake(ssl_.get());
    if (done == 1) {
      gather();
      co_return true;
    }
    int wanted = SSL_get_error(ssl_.get(), done);
    if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) co_return false;
    bool again = co_await ready(wanted == SSL_ERROR_WANT_READ);
    if (!again) co_return false;
  }
}

// Many records with one call of the kernel, each way.
void Wire::gather() {
  BIO* socket = SSL_get_rbio(ssl_.get());
  BIO_set_callback_arg(socket, reinterpret_cast<char*>(this));
  BIO_set_callback_ex(socket, &Wire::watch);
  BIO* gathered = BIO_new(BIO_f_buffer());
  BIO_set_read_buffer_size(gathered, read_at_once);
  BIO_set_write_buffer_size(gathered, written_at_once);
  BIO_up_ref(socket);
  BIO_push(gathered, socket);
  SSL_set_bio(ssl_.get(), gathered, gathered);
}

long Wire::watch(BIO* bio, int operation, const char*, size_t wanted, int, long, int result, size_t* got) {
  if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0)
    reinterpret_cast<Wire*>(BIO_get_callback_arg(bio))->emptied_ = *got < wanted;
  return result;
}

// As many as are here already. What ends it after them, the next call hears.
long Wire::read_records(std::span<char> into) {
  long sum = 0;
  int got = 0;
  do {
    got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
    if (got <= 0) break;
    into = into.subspan(static_cast<std::size_t>(got));
    sum += got;
  } while (!into.empty() && BIO_pending(SSL_get_rbio(ssl_.get())) > record_head);
  return sum > 0 ? sum : got;
}

std::optional<long> Wire::take(std::span<char> into) {
  if (!socket_.is_open()) return -1;
  auto got = ::recv(fd(), into.data(), into.size(), 0);
  emptied_ = got != 0 && got < static_cast<long>(into.size());
  if (got < 0) return errno == EAGAIN || errno == EINTR ? std::nullopt : std::optional<long>(-1);
  if (got == 0) return 0;
  moved_ = std::chrono::steady_clock::now();
  return got;
}

Task<long> Wire::read(std::span<char> into) {
  for (;;) {
    bool to_read = true;
    if (!ssl_) {
      auto got = take(into);
      if (got) co_return *got;
    } else {
      if (!socket_.is_open()) co_return -1;
      if (emptied_ && SSL_pending(ssl_.get()) == 0 && BIO_pending(SSL_get_rbio(ssl_.get())) <= record_head) {
        bool again = co_await ready(true);
        if (!again) co_return -1;
      }
      ERR_clear_error();
      auto got = read_records(into);
      int wanted = got > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), static_cast<int>(got));
      if (wanted == SSL_ERROR_ZERO_RETURN) co_return 0;
      if (got <= 0 && wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) co_return -1;
      if (got > 0) {
        moved_ = std::chrono::steady_clock::now();
        co_return got;
      }
      to_read = wanted != SSL_ERROR_WANT_WRITE;
    }
    bool again = co_await ready(to_read);
    if (!again) co_return -1;
  }
}

Task<bool> Wire::write(std::span<const char> from) {
  prompt_ = true;
  while (!from.empty()) {
    if (!socket_.is_open()) co_return false;
    long put = 0;
    bool to_read = false;
    if (ssl_) {
      ERR_clear_error();
      put = SSL_write(ssl_.get(), from.data(), static_cast<int>(from.size()));
      int wanted = put > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), static_cast<int>(put));
      if (put <= 0 && wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) co_return false;
      to_read = wanted == SSL_ERROR_WANT_READ;
    } else {
      put = ::send(fd(), from.data(), from.size(), MSG_NOSIGNAL);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0 && errno != EAGAIN) co_return false;
    }
    if (put > 0) {
      moved_ = std::chrono::steady_clock::now();
      from = from.subspan(static_cast<std::size_t>(put));
      continue;
    }
    bool again = co_await drained(to_read);
    if (!again) co_return false;
  }
  while (ssl_ && BIO_flush(SSL_get_wbio(ssl_.get())) <= 0) {
    if (!BIO_should_retry(SSL_get_wbio(ssl_.get()))) co_return false;
    bool again = co_await drained(false);
    if (!again) co_return false;
  }
  co_return true;
}

std::size_t Wire::put(std::span<const std::span<const char>> from) {
  if (!socket_.is_open() || stuck()) return 0;
  std::array<iovec, 64> rows;
  msghdr message{};
  message.msg_iov = rows.data();
  for (auto piece : from.first(std::min(from.size(), rows.size())))
    rows[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
  auto sent = ::sendmsg(fd(), &message, MSG_NOSIGNAL);
  if (sent <= 0) return 0;
  moved_ = std::chrono::steady_clock::now();
  return static_cast<std::size_t>(sent);
}

Task<bool> Wire::drained(bool to_read) {
  writing_ = true;
  prompt_ = false;
  bool again = co_await ready(to_read);
  writing_ = false;
  co_return again;
}

void Wire::finish() {
  if (!socket_.is_open()) return;
  if (ssl_ && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  boost::system::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

// Not Asio's option, which a socket that is destroyed takes back.
void Wire::cut_when_closed(bool cut) {
  const linger value{cut, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &value, sizeof value);
}

void Wire::abort(bool with_reset) {
  boost::system::error_code ignored;
  if (!socket_.is_open()) return;
  cut_when_closed(with_reset);
  socket_.close(ignored);
}

Task<bool> Bell::wait(std::chrono::milliseconds patience) {
  if (!rung_) {
    timer_.expires_after(patience);
    co_await timer_.async_wait(as_value);
  }
  co_return std::exchange(rung_, false);
}

Task<void> Bell::rung() {
  for (bool rung = false; !rung;) rung = co_await wait();
}

Task<void> sleep_for(std::chrono::milliseconds span) {
  asio::steady_timer timer(co_await asio::this_coro::executor, span);
  co_await timer.async_wait(as_value);
}

}  // namespace refrelay
