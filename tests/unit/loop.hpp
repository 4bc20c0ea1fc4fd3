// Coroutines under a test: each runs until it waits for something that only the test can bring.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include "agent/core/task.hpp"

namespace unit {

// Runs all that can run now.
void settle(boost::asio::io_context& io);

// Starts it and runs all that can run; `ended` hears what escaped.
void launch(boost::asio::io_context& io, qcloud::Task<void> work, boost::asio::cancellation_slot slot,
            std::function<void(std::exception_ptr)> ended);

struct Nothing {};

// A coroutine that the test started: done or not, what it returned, what escaped from it.
template <class T>
class Running {
  using Kept = std::conditional_t<std::is_void_v<T>, Nothing, T>;
  struct State {
    std::optional<Kept> value;
    std::exception_ptr escaped;
    bool ended = false;
  };

 public:
  Running(boost::asio::io_context& io, qcloud::Task<T> work) : io_(io) {
    launch(io, keep(std::move(work), state_), cancel_->slot(), [state = state_](std::exception_ptr e) {
      state->escaped = e;
      state->ended = true;
    });
  }

  bool ended() const { return state_->ended; }
  bool returned() const { return state_->value.has_value(); }
  bool threw() const { return state_->escaped != nullptr; }
  Kept& value() { return state_->value.value(); }
  void cancel() {
    cancel_->emit(boost::asio::cancellation_type::all);
    settle(io_);
  }

 private:
  static qcloud::Task<void> keep(qcloud::Task<T> work, std::shared_ptr<State> state) {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(work);
      state->value.emplace();
    } else {
      state->value.emplace(co_await std::move(work));
    }
  }

  boost::asio::io_context& io_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::shared_ptr<boost::asio::cancellation_signal> cancel_ =
      std::make_shared<boost::asio::cancellation_signal>();
};

template <class T>
Running<T> start(boost::asio::io_context& io, qcloud::Task<T> work) {
  return Running<T>(io, std::move(work));
}

// For what needs no help from the test to end.
template <class T>
T finish(boost::asio::io_context& io, qcloud::Task<T> work) {
  Running<T> running(io, std::move(work));
  if constexpr (std::is_void_v<T>)
    running.value();
  else
    return std::move(running.value());
}

}  // namespace unit
