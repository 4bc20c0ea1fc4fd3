// A socket with or without TLS, non-blocking, driven by coroutines. OpenSSL works on the descriptor itself.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string>

namespace refrelay {

namespace asio = boost::asio;
using asio::ip::tcp;
template <class T>
using Task = asio::awaitable<T>;

class Wire {
 public:
  explicit Wire(tcp::socket socket);
  ~Wire();
  Wire(const Wire&) = delete;

  /// The server's side of TLS. False: it failed.
  Task<bool> accept_tls(SSL_CTX* context);
  /// Bytes read; 0 at the end, -1 when the connection is lost.
  Task<long> read(std::span<char> into);
  /// All of it; false when the connection is lost.
  Task<bool> write(std::span<const char> from);
  /// No more from us: FIN, or close_notify and FIN.
  void finish();
  /// Ends both ways; whoever waits in read or write wakes with failure.
  void abort(bool with_reset = false);

  SSL* ssl() const { return ssl_.get(); }
  const std::string& peer() const { return peer_; }  ///< "5.6.7.8", "2a0b::1"
  std::uint16_t peer_port() const { return peer_port_; }
  int fd() { return socket_.native_handle(); }
  asio::any_io_executor executor() { return socket_.get_executor(); }

 private:
  Task<bool> ready(int result);
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  tcp::socket socket_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string peer_;
  std::uint16_t peer_port_ = 0;
};

/// Waits; false when cancelled.
Task<void> sleep_for(std::chrono::milliseconds span);

}  // namespace refrelay
