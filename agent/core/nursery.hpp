// Where background coroutines live: each has an owner, stops by cancellation, in reverse order.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "agent/core/signal.hpp"

namespace qcloud {

class Nursery {
 public:
  // `on_fault` is told what escaped from a child other than cancellation: a bug worth a log line.
  explicit Nursery(boost::asio::any_io_executor executor,
                   std::function<void(const std::string&)> on_fault = nullptr);
  ~Nursery();
  Nursery(const Nursery&) = delete;

  void spawn(Task<void> work);
  // Cancels everything, newest first, and returns when the last has unwound.
  Task<void> stop();
  bool empty() const;
  // The newest of those faults; empty if there was none.
  const std::string& failure() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Waits until the coroutine that calls it is cancelled, then returns, so that it can await its own
// cleanup: cancellation that was under way is over.
Task<void> until_cancelled();

}  // namespace qcloud
