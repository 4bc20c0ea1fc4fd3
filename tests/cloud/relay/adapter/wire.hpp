// A socket with or without TLS, non-blocking, driven by coroutines. OpenSSL works on the descriptor itself.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>

#include "tests/cloud/relay/adapter/race.hpp"

namespace refrelay {

namespace asio = boost::asio;
using asio::ip::tcp;
using Instant = std::chrono::steady_clock::time_point;

class Wire {
 public:
  explicit Wire(tcp::socket socket);
  Wire(const Wire&) = delete;

  /// For a box: what it does not acknowledge, or take, for 30 s ends the connection.
  void impatient();
  /// For a visitor: a peer that is gone without a word is found out.
  void keep_alive();
  /// The server's side of TLS. False: it failed.
  Task<bool> accept_tls(SSL_CTX* context);
  /// Bytes read; 0 at the end, -1 when the connection is lost. `into` is written just before it returns, so
  /// that all connections may share one buffer.
  Task<long> read(std::span<char> into);
  /// Without TLS: the same, but nothing when it would have to wait.
  std::optional<long> take(std::span<char> into);
  /// The kernel had less than was asked for: there is no more before readable().
  bool emptied() const { return emptied_; }
  Task<std::tuple<boost::system::error_code>> readable();
  /// After the peer's end: true when he is gone as well, false when we have ended.
  Task<bool> lost();
  /// All of it; false when the connection is lost. prompt(): it did not have to wait.
  Task<bool> write(std::span<const char> from);
  /// Without TLS: so much of it as goes without waiting; what is wrong shows in write().
  std::size_t put(std::span<const std::span<const char>> from);
  /// No more from us: FIN, or close_notify and FIN.
  void finish();
  /// How the peer sees it when the socket is closed, also because this process ends: as a reset, or in order.
  void cut_when_closed(bool cut);
  /// Ends both ways; whoever waits in read or write wakes with failure.
  void abort(bool with_reset = false);

  SSL* ssl() const { return ssl_.get(); }
  const asio::ip::address& peer() const { return peer_; }  ///< IPv4 also where the socket is IPv6
  std::uint16_t peer_port() const { return peer_port_; }
  bool prompt() const { return prompt_; }
  Instant moved() const { return moved_; }  ///< when a byte last went through
  bool stuck() const { return writing_; }   ///< bytes wait for the peer to take them
  asio::any_io_executor executor() { return socket_.get_executor(); }

 private:
  Task<bool> ready(bool to_read);
  Task<bool> drained(bool to_read);
  void gather();
  static long watch(BIO* bio, int operation, const char*, size_t wanted, int, long, int result, size_t* got);
  long read_records(std::span<char> into);
  int fd() { return socket_.native_handle(); }
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  tcp::socket socket_;
  std::unique_ptr<SSL, Free> ssl_;
  asio::ip::address peer_;
  std::uint16_t peer_port_ = 0;
  Instant moved_;
  bool writing_ = false, prompt_ = true;
  bool emptied_ = false;
};

/// One waits, one event wakes it, now or when it waits next.
class Bell {
 public:
  explicit Bell(asio::any_io_executor executor) : timer_(executor) {}
  void ring() {
    rung_ = true;
    timer_.cancel();
  }
  /// False: `patience` ran out.
  Task<bool> wait(std::chrono::milliseconds patience = std::chrono::hours(1000));
  Task<void> rung();

 private:
  asio::steady_timer timer_;
  bool rung_ = false;
};

Task<void> sleep_for(std::chrono::milliseconds span);

}  // namespace refrelay
