// One attachment of a box: the relay is the HTTP/2 client on a connection that the box dialed
// (docs/link-protocol.md). A visitor's connection is one CONNECT stream.
#pragma once

#include <nghttp2/nghttp2.h>

#include <functional>
#include <map>
#include <optional>

#include "tests/cloud/relay/wire.hpp"

namespace refrelay {

/// Many tasks wait, one event wakes them all.
class Bell {
 public:
  explicit Bell(asio::any_io_executor executor) : timer_(executor, asio::steady_timer::time_point::max()) {}
  void ring() { timer_.cancel(); }
  Task<void> wait();

 private:
  asio::steady_timer timer_;
};

class Device;

/// A visitor's stream. Bytes wait here at most as the windows allow.
class Stream {
 public:
  explicit Stream(asio::any_io_executor executor) : bell(executor) {}
  int status = 0;            ///< of the box's answer; 0: none yet
  bool box_done = false;     ///< END_STREAM came
  bool over = false;         ///< closed, or the attachment is gone
  std::uint32_t error = 0;   ///< of RST_STREAM
  std::string from_box;      ///< for the visitor
  std::string to_box;        ///< of the visitor, not yet in a frame
  bool visitor_done = false;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  Bell bell;

 private:
  friend class Device;
  std::int32_t id_ = 0;
  std::size_t sent_ = 0;  // of to_box
  bool deferred_ = false;
};

class Device : public std::enable_shared_from_this<Device> {
 public:
  Device(std::shared_ptr<Wire> wire, std::string id);
  ~Device();

  /// Until the attachment is over.
  Task<void> run();
  /// What the box is told of itself, once: docs/link-protocol.md.
  void tell(const std::string& body);
  /// Null: no more streams at the moment.
  std::shared_ptr<Stream> open(const std::string& authority, const std::string& forwarded);
  void send(Stream& stream, std::span<const char> bytes);
  void finish(Stream& stream);
  void reset(Stream& stream);
  /// `count` bytes of from_box reached the visitor.
  void passed_on(Stream& stream, std::size_t count);

  /// Asks for a sign of life; without one within `patience` the attachment ends.
  void doubt(std::chrono::milliseconds patience);
  /// No new streams; ends when the last is over.
  void drain();
  void abort();

  const std::string& id() const { return id_; }
  Wire& wire() { return *wire_; }
  bool usable() const { return !doubted_ && !draining_ && !over_; }
  std::size_t streams() const { return streams_.size(); }

 private:
  struct Callbacks;
  Task<void> read_loop();
  Task<void> write_loop();
  void kick() { more_.ring(); pending_ = true; }
  void close_stream(std::int32_t id, std::uint32_t code);

  std::shared_ptr<Wire> wire_;
  std::string id_;
  nghttp2_session* h2_ = nullptr;
  std::map<std::int32_t, std::shared_ptr<Stream>> streams_;
  std::string batch_, told_;
  Bell more_;
  bool pending_ = false, doubted_ = false, draining_ = false, over_ = false;
};

}  // namespace refrelay
