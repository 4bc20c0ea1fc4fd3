// Waiting for one of two things. Kept out of signal.hpp: the operators are heavy to include.
#pragma once

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <optional>

#include "agent/core/signal.hpp"

namespace qcloud {

// What `work` returned, or nothing when `interrupt` came first; the work is then cancelled.
template <class T>
Task<std::optional<T>> unless(Task<T> work, Signal& interrupt) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto first = co_await (std::move(work) || interrupt.noticed());
  if (first.index() == 0) co_return std::optional<T>(std::get<0>(std::move(first)));
  interrupt.clear();
  co_return std::nullopt;
}

// What `work` returned, or nothing when `deadline` came first; the work is then cancelled.
template <class T>
Task<std::optional<T>> within(Task<T> work, Clock& clock, Instant deadline) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto first = co_await (std::move(work) || clock.sleep_until(deadline));
  if (first.index() == 0) co_return std::optional<T>(std::get<0>(std::move(first)));
  co_return std::nullopt;
}

}  // namespace qcloud
