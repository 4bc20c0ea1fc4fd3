// TLS that ends on this box, without a socket: records in, bytes out, and back. Whoever holds one can prove
// with it which box this is, to the peer whose records they are, and can reach nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace qcloud {

// The server's side of one connection. Never waits.
class TlsEnd {
 public:
  // What it costs, besides the records that seal() has put into pending(), bytes.
  static constexpr std::size_t cost = 24 * 1024;
  // With so much pending a call of open() looks at one message only, which may provoke an answer; whoever
  // calls waits until some of it has left.
  static constexpr std::size_t enough = 4 * 1024;
  // The most that one call of open() puts out, and what sealing adds to each so many bytes.
  static constexpr std::size_t record = 16 * 1024, overhead = 256;

  enum class Step : std::uint8_t {
    bytes,   // some came out
    hungry,  // it needs more records
    ended,   // the peer said that it sends no more (close_notify)
    failed,  // this is not TLS, or was tampered with; an alert that says so is pending
  };
  struct Opened {
    Step step;
    std::size_t count = 0;
  };

  virtual ~TlsEnd() = default;
  // Takes records off the front of `records` and puts what they say into `into` (at least `record`). The
  // handshake is made on the way. Look at pending() after each call.
  virtual Opened open(std::span<const char>& records, std::span<char> into) = 0;
  virtual bool secured() const = 0;  // the handshake is over
  // Makes records of `bytes`; false: not secured, or failed.
  virtual bool seal(std::span<const char> bytes) = 0;
  // We send no more (close_notify).
  virtual void finish() = 0;
  // Records for the peer, and how many of their bytes are on their way.
  virtual std::span<const char> pending() const = 0;
  virtual void sent(std::size_t count) = 0;
};

class TlsEnds {
 public:
  virtual ~TlsEnds() = default;
  // `pem`: a key and its certificate. Null: they cannot be used.
  virtual std::unique_ptr<TlsEnd> make(const std::string& pem) = 0;
};

}  // namespace qcloud
