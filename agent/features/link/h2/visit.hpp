// One visitor's connection: a CONNECT stream (RFC 9113, 8.5), as the switchboard sees it. Bytes are
// read and written in place; memory is held only while bytes wait.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <span>
#include <string>

#include "agent/core/result.hpp"
#include "agent/core/signal.hpp"
#include "agent/features/link/h2/budget.hpp"
#include "agent/features/link/h2/limits.hpp"
#include "agent/features/link/h2/pipe.hpp"
#include "agent/features/link/wire.hpp"

namespace qcloud::link {

class Session;

class Visit {
 public:
  // What a visit costs besides its bytes: its coroutines above all, streams, sockets. A test weighs it.
  static constexpr std::size_t cost = 18 * 1024;

  // `cost` is held in `budget` already.
  Visit(boost::asio::any_io_executor executor, Session& session, Budget& budget, std::int32_t id,
        Opening opening);
  ~Visit();
  Visit(const Visit&) = delete;

  const Opening& opening() const { return opening_; }

  // Answers the CONNECT, once. 200 opens the way; anything else is the end of the visit.
  void answer(int status);

  // What the visitor has sent; waits for some. Empty: it sends no more. Error link.gone: the stream is over.
  // The view is good until the next wait.
  Task<Result<std::span<const char>>> received();
  // Written to the service; the visitor may send as much again.
  void passed_on(std::size_t count);

  // Where bytes for the visitor go; waits for room. Error link.gone. Good until commit() or the next wait.
  Task<Result<std::span<char>>> room(std::size_t wish);
  void commit(std::size_t count);
  // No more for the visitor, after what was committed.
  void finish();
  // Returns when all that was committed is on its way, and the stream is over.
  Task<void> delivered();
  // Told when the stream is over and not in order: nobody is there any more.
  Signal& lost() { return lost_; }
  // Ends both ways at once; idempotent.
  void reset();

  // Memory that is held for this visit elsewhere, until the visit is destroyed; false: there is no room.
  bool burden(std::size_t bytes);

  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  friend class Session;
  bool keep(std::span<const char> bytes);
  void drop(Pipe& pipe, std::size_t count);
  void discard(Pipe& pipe);
  std::span<char> place(std::size_t wish);
  // The stream is over: in order, so that what came before its end is still to be read; or not.
  void part();
  void lose();

  Session* session_;  // null once the stream is over
  Budget& budget_;
  std::int32_t id_;
  Opening opening_;
  Pipe in_, out_;
  Signal readable_, writable_, lost_;
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
  bool bulk_ = false;
  bool refused_ = false;  // answered with other than 200
  bool gone_ = false;
  bool served_ = false;  // its service has taken something
};

}  // namespace qcloud::link
