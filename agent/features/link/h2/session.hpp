// The box's end of one attachment: an HTTP/2 server (RFC 9113) on a connection that the box dialed.
// nghttp2 does the framing; here are the limits, the windows, and how bytes move.
#pragma once

#include <nghttp2/nghttp2.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/features/link/h2/budget.hpp"
#include "agent/features/link/h2/goodbyes.hpp"
#include "agent/features/link/h2/limits.hpp"
#include "agent/features/link/h2/profile.hpp"
#include "agent/features/link/h2/visit.hpp"
#include "agent/gate/byte_stream.hpp"

namespace qcloud::link {

enum class SessionEnd : std::uint8_t {
  clean,   // the peer said goodbye: GOAWAY, or the end of the stream between frames
  lost,    // reset, timed out, cut in the middle
  mute,    // nothing came for long, and nothing when it was asked either
  broken,  // what came is not HTTP/2, or it was a flood, or nothing came at all
};

// What the session tells its owner. Called from within it: they must not end it.
struct SessionEvents {
  // A visitor. The visit is answered later, by whoever took it.
  std::function<void(std::shared_ptr<Visit>)> visit;
  // The relay has something to tell (docs/link-protocol.md): an HTTP status comes back.
  std::function<int(const std::string& method, const std::string& path, const std::string& body)> tell;
  // The relay will end this connection soon: attach elsewhere.
  std::function<void()> leaving;
  // There is no room for another visitor.
  std::function<void()> crowded;
};

class Session {
 public:
  // `stream` and `budget` outlive it.
  Session(boost::asio::any_io_executor executor, Clock& clock, ByteStream& stream, const Profile& profile,
          const Limits& limits, Budget& budget, SessionEvents events);
  ~Session();
  Session(const Session&) = delete;

  // Until the connection is over, or drain() is. Every visit is gone then.
  Task<SessionEnd> run();
  // No new visits, in two steps so that none is lost (RFC 9113, 6.8); run() returns when the last one is
  // over.
  void drain();

  std::size_t visits() const { return visits_.size(); }
  bool full() const { return visits_.size() >= limits_.streams; }
  Millis round_trip() const { return round_trip_; }  // measured while bytes flow; -1: not yet

 private:
  friend class Visit;
  struct Callbacks;
  struct Head {  // what comes in at the moment, a request's or a trailer; HTTP/2 has one at a time
    std::int32_t id = 0;
    std::string method, authority, host, path, forwarded, protocol;
    std::size_t size = 0;
  };
  struct Telling {  // a request that is no visit, while it comes in
    std::string method, path, body;
  };

  // session.cpp: the connection.
  Task<SessionEnd> read_loop();
  Task<SessionEnd> write_loop();
  Task<SessionEnd> await_words();
  Status greet();
  void lose_all();
  void kick() { more_to_write_.notify(); }

  // requests.cpp: what the relay says.
  void begin(std::int32_t id, bool request);
  bool header(std::int32_t id, std::string_view name, std::string_view value);
  void opened(std::int32_t id);
  void told(std::int32_t id);
  bool begun(const nghttp2_frame_hd& head);
  void received(const nghttp2_frame& frame);
  void data(std::int32_t id, std::span<const char> bytes);
  void hand_over();
  void ended(std::int32_t id);
  void closed(std::int32_t id, bool in_order);
  // And what the box says to it.
  void welcome(Visit& visit);
  void respond(std::int32_t id, int status, const nghttp2_data_provider* body);
  void refuse(std::int32_t id);
  void answered(std::int32_t id);
  void cut(std::int32_t id, std::uint32_t code = NGHTTP2_CONNECT_ERROR);

  // windows.cpp: how much may come, how much goes, and whose turn it is.
  void widen(Visit& visit);
  void tell_window(Visit& visit);
  void count_window();
  void settle();
  void balance();
  void measure(std::size_t bytes);
  void ask();
  void pong(std::string_view opaque);
  void resume(Visit& visit);
  void rank(Visit& visit, bool bulk);
  ssize_t offer(std::int32_t id, std::size_t most, std::uint32_t* flags);
  bool take(std::int32_t id, std::size_t count);

  boost::asio::any_io_executor executor_;
  Clock& clock_;
  ByteStream& stream_;
  const Profile& profile_;
  const Limits limits_;
  Budget& budget_;
  SessionEvents events_;
  nghttp2_session* h2_ = nullptr;
  std::map<std::int32_t, std::shared_ptr<Visit>> visits_;
  std::map<std::int32_t, Telling> tellings_;
  Head head_;
  struct {
    std::shared_ptr<Visit> visit;
    Rows<const char> bytes;
  } fresh_;
  Patience patience_;
  Goodbyes goodbyes_;
  std::string batch_;
  std::size_t batch_most_;              // bytes
  std::vector<std::int32_t> now_bulk_;  // their turn changes when the batch is full
  Signal more_to_write_;
  bool greeted_ = false, broken_ = false, goodbye_ = false, draining_ = false, last_said_ = false;
  bool crowded_ = false, settings_out_ = true;
  std::size_t window_ = 0;    // of the connection
  std::size_t promised_ = 0;  // of it, what the relay may send now
  Instant crowded_since_{};
  std::optional<Instant> ping_sent_;
  Instant last_ping_{}, heard_{};
  Millis round_trip_{-1};
};

}  // namespace qcloud::link
