#include "agent/net/connection.hpp"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/ioctl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/net/socket_name.hpp"

namespace qcloud {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);
constexpr int record_head = 5;  // bytes (RFC 8446, 5.1)
constexpr long read_at_once = 144 * 1024;
constexpr long written_at_once = 144 * 1024;  // a batch of 128 KiB, with what TLS adds to it

Error connect_error(int code) {
  switch (code) {
    case ENETUNREACH:
    case EADDRNOTAVAIL:
      return {"net.no_network", Retry::retry_soon, "This box has no route to the internet.",
              "Check the network cable, the gateway and the router."};
    case ECONNREFUSED:
      return {"net.refused", Retry::retry_soon, "The cloud refuses connections at the moment.", ""};
    case ETIMEDOUT:
      return {"net.timeout", Retry::retry_soon, "The cloud does not answer.", ""};
    default:
      return {"net.unreachable", Retry::retry_soon, "The cloud cannot be reached.",
              "Check the internet connection."};
  }
}

Error lost() { return {"net.reset", Retry::retry_soon, "The connection to the cloud was lost.", ""}; }

}  // namespace

void forget_writing(tcp::socket& socket) {
  boost::system::error_code failed;
  auto protocol = socket.local_endpoint(failed).protocol();
  if (!failed) socket.assign(protocol, socket.release(failed), failed);
}

void small_segments(int fd) {
  int most = 1220;
  ::setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &most, sizeof most);
}

Task<Status> Connection::connect(tcp::endpoint to, std::int64_t message) {
  Error switched_off{"gate.switched_off", Retry::wait_for_owner, "The feature was switched off.", ""};
  if (!meter_.permitted()) co_return switched_off;
  boost::system::error_code failed;
  socket_.open(to.protocol(), failed);
  if (failed) co_return connect_error(failed.value());
  socket_.native_non_blocking(true, failed);
  socket_.set_option(tcp::no_delay(true), failed);
  if (!stream_ || stream_->cautious) small_segments(socket_.native_handle());
  int result = ::connect(socket_.native_handle(), to.data(), static_cast<socklen_t>(to.size()));
  int code = result == 0 ? 0 : errno;
  if (code != 0 && code != EINPROGRESS) {
    socket_.close(failed);
    co_return connect_error(code);
  }
  remote_ = to.address().to_string();
  row_ = meter_.opened({"tcp", local_name(socket_.native_handle()), peer_name(to.data()), message});
  if (!row_) {
    abort();
    co_return switched_off;
  }
  if (code == EINPROGRESS) {
    co_await socket_.async_wait(tcp::socket::wait_write, as_value);
    socklen_t size = sizeof code;
    if (!socket_.is_open() || ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &code, &size) != 0)
      code = EIO;
    if (code == 0) forget_writing(socket_);
  }
  if (code == 0) co_return Status{};
  finish(ConnectionEnd::closed);
  co_return connect_error(code);
}

void Connection::keep_alive(Millis idle) {
  if (!socket_.is_open()) return;
  int fd = socket_.native_handle();
  auto set = [fd](int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  // Also for what stays unacknowledged. With it the count of probes is not looked at: the path is dead when
  // it was silent for so long, and a probe is out. So silence that there was before counts on top.
  tcp_info info{};
  socklen_t size = sizeof info;
  Millis silent(0);
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
    silent = Millis(std::min(info.tcpi_last_data_recv, info.tcpi_last_ack_recv));
  constexpr Millis for_answers = seconds(7);
  auto dead = std::max(idle, silent) + for_answers;
  // Asked again, it may have answered meanwhile; if not, that is no reason to wait longer.
  if (idle == probed_after_) dead = std::min(dead, dead_after_);
  probed_after_ = idle;
  dead_after_ = dead;
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(dead.count()));
  set(IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set(IPPROTO_TCP, TCP_KEEPCNT, 10);
  // The last: the kernel probes at once what is due by it.
  set(IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(idle.count() / 1000));
}

long Connection::count(BIO* bio, int operation, const char* bytes, size_t wanted, int, long, int result,
                       size_t* processed) {
  auto* self = reinterpret_cast<Connection*>(BIO_get_callback_arg(bio));
  if (result > 0 && processed) {
    if (operation == (BIO_CB_READ | BIO_CB_RETURN)) {
      self->in_ += *processed;
      self->emptied_ = *processed < wanted;
      auto& first = self->peer_.first_bytes;
      if (first.empty()) first.assign(bytes, std::min<std::size_t>(*processed, 5));
    }
    if (operation == (BIO_CB_WRITE | BIO_CB_RETURN)) self->out_ += *processed;
  }
  return result;
}

Task<bool> Connection::ready(int result) {
  int wanted = SSL_get_error(ssl_.get(), result);
  auto direction = wanted == SSL_ERROR_WANT_WRITE ? tcp::socket::wait_write : tcp::socket::wait_read;
  if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) co_return false;
  co_return co_await ready(direction);
}

Task<bool> Connection::ready(tcp::socket::wait_type direction) {
  if (direction == tcp::socket::wait_read) emptied_ = false;
  auto [failed] = co_await socket_.async_wait(direction, as_value);
  co_return !failed;
}

Task<Status> Connection::handshake(const Trust& trust, std::string host, TlsSessions& sessions,
                                   TlsSessions::Key key) {
  ssl_ = trust.session(host, key.identity.get(), peer_);
  if (auto session = sessions.take(key); session && trust.still_good(session.get()))
    SSL_set_session(ssl_.get(), session.get());
  if (stream_) offer_stream();
  // The identity is held by the key only as long as this connection lives.
  peer_.on_session = [&sessions, key](SSL_SESSION* made) { sessions.keep(key, TlsSessions::Session(made)); };
  auto outcome = co_await shake_hands(trust);
  if (resumed())
    if (const X509* certificate = SSL_get0_peer_certificate(ssl_.get())) describe(certificate, peer_);
  if (trace_) {
    trace_->peer_issuer = peer_.issuer;
    trace_->peer_subject = peer_.subject;
    trace_->peer_from = peer_.from;
    trace_->peer_until = peer_.until;
  }
  co_return outcome;
}

Task<Status> Connection::shake_hands(const Trust& trust) {
  SSL_set_fd(ssl_.get(), socket_.native_handle());
  BIO* bio = SSL_get_rbio(ssl_.get());
  BIO_set_callback_arg(bio, reinterpret_cast<char*>(this));
  BIO_set_callback_ex(bio, &Connection::count);
  for (;;) {
    ERR_clear_error();
    int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
      if (stream_) gather();
      co_return Status{};
    }
    if (!co_await ready(result)) break;
  }
  co_return trust.explain(ssl_.get(), peer_);
}

// One call of the kernel for many records, each way, instead of one for each. (OpenSSL's own reading ahead
// moves all that it has read once for each record.)
void Connection::gather() {
  BIO* socket = SSL_get_rbio(ssl_.get());
  BIO* gathered = BIO_new(BIO_f_buffer());
  if (!gathered || BIO_set_read_buffer_size(gathered, read_at_once) != 1 ||
      BIO_set_write_buffer_size(gathered, written_at_once) != 1 || BIO_up_ref(socket) != 1) {
    BIO_free(gathered);
    return;  // it works without, slower
  }
  BIO_push(gathered, socket);
  SSL_set_bio(ssl_.get(), gathered, gathered);
}

Error Connection::failure() const {
  unsigned long queued = ERR_peek_last_error();
  ERR_clear_error();
  if (queued && ERR_GET_LIB(queued) == ERR_LIB_SSL) {
    // With TLS 1.3 a refused client certificate shows only at the first read.
    const char* reason = ERR_reason_error_string(queued);
    return {"net.tls_failed", Retry::retry_later,
            std::string("The cloud ended the secure connection") +
                (reason ? std::string(" (") + reason + ")." : "."),
            ""};
  }
  return lost();
}

Task<Result<std::size_t>> Connection::read(std::span<char> into) {
  while (!ssl_) {
    if (!socket_.is_open()) co_return lost();
    ssize_t got = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) in_ += static_cast<std::uint64_t>(got);
    if (got >= 0) co_return static_cast<std::size_t>(got);
    if (errno != EAGAIN && errno != EINTR) co_return lost();
    if (!co_await ready(tcp::socket::wait_read)) co_return lost();
  }
  for (;;) {
    // The kernel gave less than it was asked for: it says when there is more, and need not be asked.
    if (emptied_ && SSL_pending(ssl_.get()) == 0 && BIO_pending(SSL_get_rbio(ssl_.get())) <= record_head)
      if (!co_await ready(tcp::socket::wait_read)) co_return lost();
    // Aborted meanwhile: TLS would go on with a number that is another socket's by now.
    if (!socket_.is_open()) co_return lost();
    ERR_clear_error();
    // As many records as are here already. What ends it after them, the next call hears.
    std::size_t sum = 0;
    int got = 0;
    do {
      got = SSL_read(ssl_.get(), into.data() + sum, static_cast<int>(into.size() - sum));
      if (got > 0) sum += static_cast<std::size_t>(got);
    } while (got > 0 && sum < into.size() && BIO_pending(SSL_get_rbio(ssl_.get())) > record_head);
    if (sum > 0) {
      tell();
      co_return sum;
    }
    if (SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
    if (!co_await ready(got)) co_return failure();
  }
}

Task<Status> Connection::write(std::string bytes) {
  auto written = co_await write_from(bytes);
  if (!written) co_return std::move(written).error();
  co_return Status{};
}

Task<Result<bool>> Connection::write_from(std::span<const char> bytes) {
  std::size_t sent = 0;
  bool at_once = true;
  while (!ssl_ && sent < bytes.size()) {
    if (!socket_.is_open()) co_return lost();
    ssize_t put = ::send(socket_.native_handle(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (put > 0) {
      sent += static_cast<std::size_t>(put);
      out_ += static_cast<std::uint64_t>(put);
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) co_return lost();
    at_once = false;
    if (!co_await ready(tcp::socket::wait_write)) co_return lost();
  }
  while (sent < bytes.size()) {
    if (!socket_.is_open()) co_return lost();
    ERR_clear_error();
    int put = SSL_write(ssl_.get(), bytes.data() + sent, static_cast<int>(bytes.size() - sent));
    if (put > 0) {
      sent += static_cast<std::size_t>(put);
      continue;
    }
    at_once = false;
    if (!co_await ready(put)) co_return failure();
  }
  while (ssl_ && socket_.is_open() && BIO_flush(SSL_get_wbio(ssl_.get())) <= 0) {
    if (!BIO_should_retry(SSL_get_wbio(ssl_.get()))) co_return failure();
    at_once = false;
    if (!co_await ready(tcp::socket::wait_write)) co_return failure();
  }
  if (!socket_.is_open()) co_return lost();
  tell();
  co_return at_once;
}

std::string Connection::local() const {
  boost::system::error_code failed;
  auto at = socket_.local_endpoint(failed);
  return failed ? std::string() : at.address().to_string();
}

// What is short is told of when it is over.
void Connection::tell() {
  if (stream_ && row_) meter_.passed(row_, out_, in_);
}

Task<void> Connection::close() {
  if (!socket_.is_open()) co_return;
  if (ssl_ && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  boost::system::error_code failed;
  socket_.shutdown(tcp::socket::shutdown_send, failed);
  shut_ = !failed;
  char scrap[2048];
  // A peer that does not stop talking is not listened to for ever.
  int left = 512;
  while (!failed && left-- > 0) {
    ssize_t got = ::recv(socket_.native_handle(), scrap, sizeof scrap, 0);
    if (got > 0) {
      in_ += static_cast<std::uint64_t>(got);
      continue;
    }
    if (got == 0) ended_ = true;
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) break;
    auto [waited] = co_await socket_.async_wait(tcp::socket::wait_read, as_value);
    failed = waited;
    if (!socket_.is_open()) co_return;
  }
  if (ended_)
    finish(ConnectionEnd::closed);
  else
    abort();
}

void Connection::abort() {
  if (!socket_.is_open()) return;
  int fd = socket_.native_handle();
  int unsent = 0, unread = 0;
  // What the kernel has not sent is thrown away by the reset; what it has and we did not read came in.
  if (::ioctl(fd, SIOCOUTQNSD, &unsent) == 0 && unsent > 0) {
    if (shut_) --unsent;  // the queued FIN takes a place in the sequence, and is no payload
    out_ -= std::min(out_, static_cast<std::uint64_t>(unsent));
  }
  if (::ioctl(fd, FIONREAD, &unread) == 0 && unread > 0) in_ += static_cast<std::uint64_t>(unread);
  linger reset{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  finish(ConnectionEnd::aborted);
}

void Connection::measure() {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (trace_ && socket_.is_open() &&
      ::getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0) {
    if (info.tcpi_rtt) trace_->rtt = Millis((info.tcpi_rtt + 500) / 1000);
    trace_->retransmits = static_cast<int>(info.tcpi_total_retrans);
  }
  trace_.reset();
}

void Connection::finish(ConnectionEnd end) {
  measure();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (row_) meter_.closed(row_, out_, in_, end);
  row_ = 0;
}

}  // namespace qcloud
