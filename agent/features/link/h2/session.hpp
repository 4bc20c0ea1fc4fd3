// The box's end of one attachment: an HTTP/2 server (RFC 9113) on a connection that the box dialed.
// nghttp2 does the framing; here are the limits, the windows, and how bytes move.
#pragma once

#include <nghttp2/nghttp2.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/features/link/h2/limits.hpp"
#include "agent/features/link/h2/profile.hpp"
#include "agent/features/link/h2/visit.hpp"
#include "agent/gate/byte_stream.hpp"

namespace qcloud::link {

enum class SessionEnd : std::uint8_t {
  clean,    // the peer said goodbye: GOAWAY, or the end of the stream between frames
  lost,     // reset, timed out, cut in the middle
  broken,   // what came is not HTTP/2, or it was a flood
};

// What the session tells its owner. Called from within it: they must not end it.
struct SessionEvents {
  // A visitor. The visit is answered later, by whoever took it.
  std::function<void(std::shared_ptr<Visit>)> visit;
  // The relay has something to tell (docs/link-protocol.md): an HTTP status comes back.
  std::function<int(const std::string& method, const std::string& path, const std::string& body)> tell;
  // The relay will end this connection soon: attach elsewhere.
  std::function<void()> leaving;
};

class Session {
 public:
  // `stream` outlives it.
  Session(boost::asio::any_io_executor executor, Clock& clock, ByteStream& stream, const Profile& profile,
          const Limits& limits, Budget& budget, SessionEvents events);
  ~Session();
  Session(const Session&) = delete;

  // Until the connection is over, or drain() is. Every visit is gone then.
  Task<SessionEnd> run();
  // No new visits; returns from run() when the last one is over.
  void drain();

  std::size_t visits() const { return visits_.size(); }
  Millis round_trip() const { return round_trip_; }  // measured while bytes flow; -1: not yet

 private:
  friend class Visit;
  struct Callbacks;
  struct Telling {  // a request that is no visit, while it comes in
    std::string method, path, body;
  };
  using VisitPtr = std::shared_ptr<Visit>;

  Task<SessionEnd> read_loop();
  Task<SessionEnd> write_loop();
  Status greet();
  void begin(std::int32_t id);
  bool header(std::int32_t id, std::string_view name, std::string_view value);
  void opened(std::int32_t id);
  bool begun(const nghttp2_frame_hd& head);
  bool received(const nghttp2_frame& frame);
  void data(std::int32_t id, std::span<const char> bytes);
  ssize_t offer(std::int32_t id, std::size_t most, std::uint32_t* flags);
  bool take(std::int32_t id, std::size_t count);
  void ended(std::int32_t id);
  void closed(std::int32_t id, bool in_order);
  void respond(std::int32_t id, int status, bool opens);
  void told(std::int32_t id);
  void pong();
  void measure(std::size_t bytes);
  void settle();
  void kick() { more_to_write_.notify(); }

  boost::asio::any_io_executor executor_;
  Clock& clock_;
  ByteStream& stream_;
  const Profile& profile_;
  const Limits limits_;
  Budget& budget_;
  SessionEvents events_;
  nghttp2_session* h2_ = nullptr;
  std::map<std::int32_t, VisitPtr> visits_;
  struct Head {
    std::string method, authority, host, path, forwarded, protocol;
    std::size_t fields = 0;
  };
  std::map<std::int32_t, Head> heads_;      // while the header comes in
  std::map<std::int32_t, Telling> tellings_;
  std::string batch_;
  Signal more_to_write_;
  Flood resets_{100, seconds(10)}, pings_{100, seconds(10)}, settings_{20, seconds(10)}, empties_{100, seconds(10)};
  bool flooded_ = false, broken_ = false, goodbye_ = false, draining_ = false;
  std::size_t owed_ = 0;  // connection window that was not given back for want of memory
  std::optional<Instant> ping_sent_;
  Millis round_trip_{-1};
};

}  // namespace qcloud::link
