// The relay's end of one attachment: an HTTP/2 client (RFC 9113) on a connection that the box dialed
// (docs/link-protocol.md). A visitor's connection is one CONNECT stream. Pure: bytes in, bytes out.
#pragma once

#include <nghttp2/nghttp2.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace refrelay {

using Instant = std::chrono::steady_clock::time_point;

/// Memory that streams may be promised beyond their first window; one for all boxes. Bytes.
struct Budget {
  std::size_t left = 256 * 1024 * 1024;
};

/// A visitor's stream. What waits here for the visitor is at most its window; for the box, `room_for_box`.
class Stream {
 public:
  static constexpr std::size_t room_for_box = 64 * 1024;

  Stream() = default;
  Stream(const Stream&) = delete;
  /// What waits in from_box waits until now, so its window was in use.
  ~Stream();

  int status = 0;          ///< of the box's answer; 0: none yet
  bool box_done = false;   ///< END_STREAM came
  bool over = false;       ///< closed, or the attachment is gone
  bool untouched = false;  ///< over, and the box has not looked at it: another attachment may try
  std::string from_box;    ///< for the visitor, who says passed_on()
  std::uint64_t bytes_to_box = 0, bytes_from_box = 0;
  /// Called when to_box() has run empty, or it is over.
  std::function<void()> on_room;
  /// Called when anything of the above has changed.
  std::function<void()> on_news;
  /// Called with what has come while nothing waits in from_box; how much of it was passed on at once.
  std::function<std::size_t(std::span<const std::span<const char>>)> on_bytes;

  bool full() const { return end_ >= room_for_box; }
  std::size_t waiting() const { return end_ - sent_; }  ///< for the box, bytes

 private:
  friend class Session;
  void tell() const {
    if (on_news) on_news();
    if (on_room) on_room();
  }
  std::int32_t id_ = 0;
  // An idle visitor holds no buffer.
  void let_go() {
    to_box_.reset();
    sent_ = end_ = room_ = 0;
  }
  Budget* budget_ = nullptr;
  std::unique_ptr<char[]> to_box_;
  std::size_t sent_ = 0, end_ = 0, room_ = 0;  // of to_box_
  std::size_t window_ = 0, kept_up_ = 0;
  int headers_ = 0;
  bool deferred_ = false, visitor_done_ = false;
};

class Session {
 public:
  static constexpr std::size_t most_streams = 2048, first_window = 64 * 1024,
                               largest_window = 4 * 1024 * 1024, batch_limit = 64 * 1024,
                               largest_batch = 128 * 1024, header_list = 16 * 1024;

  /// `budget` outlives it.
  Session(std::string id, Budget& budget);
  ~Session();
  Session(const Session&) = delete;

  /// Bytes of the box. False: the connection must end; what output() still has says why.
  bool receive(std::span<const char> bytes, Instant now);
  /// What to send next, about 64 KiB at most, or twice as much; empty: nothing at the moment. Valid until
  /// sent().
  std::span<const char> output();
  /// `at_once`: nothing had to wait, so that more may be sent at a time.
  void sent(bool at_once) {
    if (!at_once || batch_.size() >= batch_most_) batch_most_ = at_once ? largest_batch : batch_limit;
    batch_.clear();
  }
  /// Called when there may be more output. It must not call back.
  std::function<void()> on_output;

  /// What the box is told of itself, at the beginning and when it changes: a JSON body.
  void tell(const std::string& body);
  /// The cloud has something for the box, which will ask it.
  void nudge();
  /// Null: no room at the moment.
  std::shared_ptr<Stream> open(const std::string& authority, const std::string& forwarded);
  void send(Stream& stream, std::span<const char> bytes);
  /// The same without a copy: room for `count` bytes, until anything else is done with the stream. They are
  /// sent by placed(), which says how many they became.
  std::span<char> place(Stream& stream, std::size_t count);
  void placed(Stream& stream, std::size_t count);
  void finish(Stream& stream);
  void reset(Stream& stream);
  /// `count` bytes of from_box reached the visitor.
  void passed_on(Stream& stream, std::size_t count);

  /// Asks for a sign of life: the answer ends being set aside.
  void ping();
  Instant heard() const { return heard_; }
  /// Until it answers a PING others are better: a younger attachment is there, or it was silent.
  void set_aside() { aside_ = true; }
  bool aside() const { return aside_; }
  /// No new visits. The box is told so, and may still say what it likes (RFC 9113 6.8); the second time is
  /// the last.
  void leave();
  /// Over: every stream ends. Its owner calls it before he lets go.
  void end();

  const std::string& id() const { return id_; }
  bool greeted() const { return greeted_; }  ///< the box's SETTINGS are here
  bool usable() const { return !leaving_ && !over_; }
  bool leaving() const { return leaving_; }
  /// With no output left: nothing holds the connection any more.
  bool done() const { return broken_ || (farewell_ && streams_.empty()); }
  std::size_t streams() const { return streams_.size(); }
  /// Those of them that have carried more than `first_window`.
  std::size_t large_streams() const;

 private:
  struct Callbacks;
  Stream* find(std::int32_t id) const;
  void hand_over();
  void close(std::int32_t id, std::uint32_t code);
  bool flooded();
  void kick() const {
    if (on_output && (nghttp2_session_want_write(h2_) || done())) on_output();
  }

  const std::string id_;
  Budget& budget_;
  nghttp2_session* h2_ = nullptr;
  std::map<std::int32_t, std::shared_ptr<Stream>> streams_;
  std::string batch_;
  std::size_t batch_most_ = batch_limit;
  std::shared_ptr<Stream> fresh_;  // what came for it is in the buffer of the connection still
  std::vector<std::span<const char>> fresh_bytes_;
  std::map<std::int32_t, std::string> tellings_;  // what is not sent yet of their bodies
  Instant heard_{}, flood_began_{};
  int odd_frames_ = 0;
  std::size_t list_size_ = 0;  // of the headers that come in at the moment
  bool greeted_ = false, aside_ = false, leaving_ = false, farewell_ = false, broken_ = false, over_ = false,
       flood_ = false;
};

}  // namespace refrelay
