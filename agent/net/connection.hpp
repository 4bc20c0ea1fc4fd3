// One TLS connection: OpenSSL driven directly on the non-blocking descriptor. Every payload byte is
// counted where the kernel takes or gives it, so that the ledger equals a packet capture.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <span>

#include "agent/gate/transport.hpp"
#include "agent/net/trust.hpp"

namespace qcloud {

class Connection {
 public:
  Connection(boost::asio::any_io_executor executor, Meter& meter)
      : socket_(std::move(executor)), meter_(meter) {}
  ~Connection() { abort(); }
  Connection(const Connection&) = delete;

  // TCP only; `message` is the ledger's row that it is for. Errors: net.unreachable, net.refused,
  // net.timeout.
  Task<Status> connect(boost::asio::ip::tcp::endpoint to, std::int64_t message);
  // Errors: net.tls_*, net.reset.
  Task<Status> handshake(const Trust& trust, std::string host, std::shared_ptr<const TlsIdentity> identity);
  // 0 bytes read = the peer's end.
  Task<Result<std::size_t>> read(std::span<char> into);
  Task<Status> write(std::string bytes);

  // The path is probed by the kernel while we wait for hours: dead after 35 s of silence (RFC 9293
  // keepalive; 104 bytes a probe and its answer, and no process wakes).
  void keep_alive();

  // Says goodbye and reads what the peer still has to say. The caller bounds it in time.
  Task<void> close();
  // Ends at once, with a reset if anything is still under way. Idempotent.
  void abort();

  bool open() const { return socket_.is_open(); }
  Meter& meter() const { return meter_; }

 private:
  static long count(BIO* bio, int operation, const char*, size_t, int, long, int result, size_t* processed);
  // Waits for what the last SSL call asked for; false when it failed for good.
  Task<bool> ready(int result);
  void finish(ConnectionEnd end);
  Error failure() const;

  boost::asio::ip::tcp::socket socket_;
  Meter& meter_;
  Trust::Ssl ssl_;
  std::int64_t row_ = 0;
  std::uint64_t out_ = 0, in_ = 0;
  bool ended_ = false;  // the peer's FIN was read
  bool shut_ = false;   // our FIN is queued
};

}  // namespace qcloud
