// One visitor's connection: a CONNECT stream (RFC 9113, 8.5), as the switchboard sees it. Nothing here waits:
// bytes are read and written in place, and one signal says that it is worth another look.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "agent/core/signal.hpp"
#include "agent/features/link/h2/budget.hpp"
#include "agent/features/link/h2/limits.hpp"
#include "agent/features/link/h2/pipe.hpp"
#include "agent/features/link/wire.hpp"

namespace qcloud::link {

class Session;

class Visit {
 public:
  // What a visit costs besides its bytes: its coroutine above all, stream, socket; and the block of what has
  // come that is not full. A test weighs it.
  static constexpr std::size_t cost = 8 * 1024;

  // `cost` is held in `budget` already.
  Visit(boost::asio::any_io_executor executor, Session& session, Budget& budget, std::int32_t id,
        Opening opening);
  ~Visit();
  Visit(const Visit&) = delete;

  const Opening& opening() const { return opening_; }

  // Answers the CONNECT, once. 200 opens the way; anything else is the end of the visit.
  void answer(int status);
  // Instead: there is no room. The relay may try again, elsewhere or later.
  void refuse();

  // What the visitor has sent and nobody took yet, 64 KiB of it at most. Good until the next wait.
  Rows<const char> received() const { return in_.front(most_at_once); }
  std::size_t waiting() const { return in_.size(); }  // all of it
  // Written to the service; the visitor may send as much again.
  void passed_on(std::size_t count);
  // Shown what comes while nothing else waits, and says how much of it he took: bytes that go on at once need
  // no memory here, and wake nobody. Null: nobody.
  using Taker = std::function<std::size_t(const Rows<const char>&)>;
  void straight_to(Taker taker) { taker_ = std::move(taker); }
  // He sends no more than that.
  bool ended() const { return visitor_done_; }

  // Where bytes for the visitor go, `wish` at most; empty: not now. Good until commit(), which follows at
  // once, with 0 if there was nothing.
  Rows<char> room(std::size_t wish);
  void commit(std::size_t count);
  // The same with bytes that are there already; how many of them found room.
  std::size_t put(std::span<const char> bytes);
  std::size_t unsent() const { return out_.size(); }  // of what was committed
  // No more for the visitor, after what was committed.
  void finish();
  // Returns when all that was committed is on its way, and the stream is over.
  Task<void> delivered();

  // The stream is over, or will be, and nothing can be sent; what came before an end in order is still there.
  bool gone() const { return gone_ || !session_; }
  bool over() const { return !session_; }  // the stream
  // Ends both ways at once; idempotent.
  void reset();

  // Notified when one of these has changed: more has come, it has ended, there is room again, it is gone.
  Signal& stirred() { return stirred_; }
  // Notified when the stream is over and not in order: nobody is there any more.
  Signal& lost() { return lost_; }

  // Memory that is held for this visit elsewhere, until the visit is destroyed; false: there is no room.
  bool burden(std::size_t bytes);
  std::size_t holds() const { return burden_ + in_.held() + out_.held(); }  // all of it, bytes

  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  friend class Session;
  static constexpr std::size_t most_at_once = 256 * 1024;

  // The stream is over: in order, so that what came before its end is still to be read; or not.
  void part();
  void lose();
  // More has come: to the taker, and what he leaves to in_.
  void come(const Rows<const char>& bytes);
  void went_on(std::size_t count);

  Session* session_;  // null once the stream is over
  Budget& budget_;
  std::int32_t id_;
  Opening opening_;
  Pipe in_, out_;
  Taker taker_;
  Signal stirred_, lost_;
  std::size_t burden_ = cost;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
  std::int64_t window_ = 0;  // what the visitor may have on its way and here, bytes
  std::int64_t in_since_ping_ = 0;
  std::size_t burst_ = 0;  // sent since it was quiet last
  Instant quiet_since_{};
  bool visitor_done_ = false;  // END_STREAM came
  bool finished_ = false;      // END_STREAM follows what is in out_
  bool deferred_ = false;      // nghttp2 waits to be told of bytes in out_
  bool pinched_ = false;       // waits for memory of the budget
  bool short_ = false;         // was given less room than asked for, and waits for more
  bool bulk_ = false;
  bool refused_ = false;  // answered with other than 200
  bool gone_ = false;
  bool served_ = false;  // its service has taken something
};

}  // namespace qcloud::link
