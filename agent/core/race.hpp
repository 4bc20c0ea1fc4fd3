// Waiting for one of two things. Kept out of signal.hpp: the operators are heavy to include.
#pragma once

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <exception>
#include <optional>

#include "agent/core/signal.hpp"

namespace qcloud {

// `||` waits for the first success, and takes an exception for none: one in the work would be waited
// out. So it travels as a value, and goes on from where the race is over.
template <class T>
struct Caught {
  std::optional<T> value;
  std::exception_ptr thrown;
  T take() {
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*value);
  }
};

template <class T>
Task<Caught<T>> caught(Task<T> work) {
  Caught<T> out;
  try {
    out.value.emplace(co_await std::move(work));
  } catch (...) {
    out.thrown = std::current_exception();
  }
  co_return out;
}

// What `work` returned, or nothing when `interrupt` came first; the work is then cancelled.
template <class T>
Task<std::optional<T>> unless(Task<T> work, Signal& interrupt) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto first = co_await (caught(std::move(work)) || interrupt.noticed());
  if (first.index() == 0) co_return std::optional<T>(std::get<0>(first).take());
  interrupt.clear();
  co_return std::nullopt;
}

// What `work` returned, or nothing when `deadline` came first; the work is then cancelled.
template <class T>
Task<std::optional<T>> within(Task<T> work, Clock& clock, Instant deadline) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto first = co_await (caught(std::move(work)) || clock.sleep_until(deadline));
  if (first.index() == 0) co_return std::optional<T>(std::get<0>(first).take());
  co_return std::nullopt;
}

}  // namespace qcloud
