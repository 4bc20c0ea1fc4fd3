// A latch that one coroutine waits on. Notifying before the wait is not lost; several notices
// before a wait count as one: who wakes looks at the facts again.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "agent/core/clock.hpp"

namespace qcloud {

class Signal {
 public:
  explicit Signal(boost::asio::any_io_executor executor);
  ~Signal();
  Signal(const Signal&) = delete;

  void notify();
  // Takes a notice that is there already, without waiting.
  void clear();
  Task<void> wait();
  // Waits and leaves the notice there: for races, where only the winner may take it.
  Task<void> noticed();
  // True when notified, false when `deadline` came first.
  Task<bool> wait_until(Clock& clock, Instant deadline);

 private:
  struct Channel;
  std::unique_ptr<Channel> channel_;
};

}  // namespace qcloud
