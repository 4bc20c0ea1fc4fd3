// One connection: first bare, for a proxy or the look for a sign-in page, then TLS: OpenSSL driven directly
// on the non-blocking descriptor. Every payload byte is
// counted where the kernel takes or gives it, so that the ledger equals a packet capture.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/gate/transport.hpp"
#include "agent/net/tls_sessions.hpp"
#include "agent/net/trust.hpp"

namespace qcloud {

// Before connect: segments of 1220 bytes at most, both ways. Some paths drop larger packets and their
// ICMP "too big" too (a black hole for path MTU discovery, RFC 2923): then the handshake hangs after a
// connect that went well. 1220 is what fits into the smallest packet that IPv6 allows (1280, RFC 8200
// section 5), so that nothing ever depends on discovery. Our messages are small: it costs nothing.
void small_segments(int fd);

// After connect: the reactor forgets that it was asked for room to write. Asio never takes that back, and
// would wake us for it each time that we wait to read.
void forget_writing(boost::asio::ip::tcp::socket& socket);

class Connection {
 public:
  // `trace` may be null.
  Connection(boost::asio::any_io_executor executor, Meter& meter, std::shared_ptr<Trace> trace = nullptr)
      : socket_(executor), meter_(meter), trace_(std::move(trace)) {}
  ~Connection() { abort(); }
  Connection(const Connection&) = delete;

  // Before connect: a stream that carries others' bytes for as long as it lives. Segments as large as the
  // path takes, unless `cautious`; little waits in the kernel, where no scheduler can put it in a better
  // order; and TLS 1.3 with one of these protocols (RFC 7301). `idle`: silence before the kernel probes the
  // path.
  void become_stream(std::vector<std::string> alpn, Millis idle, bool cautious);
  std::string alpn() const;
  std::string remote() const { return remote_; }  // address without port
  std::string local() const;                      // this box's own, the same

  // TCP only; `message` is the ledger's row that it is for. Errors: net.unreachable, net.refused,
  // net.timeout.
  Task<Status> connect(boost::asio::ip::tcp::endpoint to, std::int64_t message);
  // `sessions`: where to take one to resume, and to leave new ones; its owner is this connection's meter.
  // Errors: net.tls_*, net.reset.
  Task<Status> handshake(const Trust& trust, std::string host, TlsSessions& sessions, TlsSessions::Key key);
  const TlsPeer& peer() const { return peer_; }
  bool resumed() const { return ssl_ && SSL_session_reused(ssl_.get()); }
  // Before the handshake in the clear, after it secured. 0 bytes read = the peer's end.
  Task<Result<std::size_t>> read(std::span<char> into);
  Task<Status> write(std::string bytes);
  // As above; `bytes` outlives the call. True: it did not have to wait.
  Task<Result<bool>> write_from(std::span<const char> bytes);

  // The path is probed by the kernel while we wait for hours: dead after 35 s of silence (RFC 9293
  // keepalive; 104 bytes a probe and its answer, and no process wakes). After 25 s without a word there
  // is one probe a second, until an answer: at a loss of 30 % each way one in 800 living paths is given up.
  // It may be called again: a path that was silent for longer than `idle` already is then probed at once.
  void keep_alive(Millis idle = seconds(25));

  // Says goodbye and reads what the peer still has to say. The caller bounds it in time.
  Task<void> close();
  // Reads the kernel's figures (TCP_INFO) into the trace, and lets go of it.
  void measure();
  // Ends at once, with a reset if anything is still under way. Idempotent.
  void abort();

  bool open() const { return socket_.is_open(); }
  Meter& meter() const { return meter_; }

 private:
  static long count(BIO* bio, int operation, const char*, size_t, int, long, int result, size_t* processed);
  // Waits for what the last SSL call asked for; false when it failed for good.
  Task<bool> ready(int result);
  Task<bool> ready(boost::asio::ip::tcp::socket::wait_type direction);
  Task<Status> shake_hands(const Trust& trust);
  void offer_stream();
  void gather();
  void tell();
  void finish(ConnectionEnd end);
  Error failure() const;

  boost::asio::ip::tcp::socket socket_;
  Meter& meter_;
  std::shared_ptr<Trace> trace_;
  TlsPeer peer_;
  Trust::Ssl ssl_;
  struct StreamWish {
    std::vector<std::string> alpn;
    Millis idle;
    bool cautious;
  };
  std::optional<StreamWish> stream_;
  std::string remote_;
  std::int64_t row_ = 0;
  std::uint64_t out_ = 0, in_ = 0;
  Millis probed_after_{0}, dead_after_{0};  // as keep_alive() set it last
  bool emptied_ = false;                    // the last read of the kernel's took all that there was
  bool ended_ = false;                      // the peer's FIN was read
  bool shut_ = false;                       // our FIN is queued
};

}  // namespace qcloud
