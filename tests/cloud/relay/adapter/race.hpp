// Waiting for one of two things, or for both. Asio's operators are compiled once, in race.cpp.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <utility>

namespace refrelay {

template <class T>
using Task = boost::asio::awaitable<T>;

/// 0 or 1, whichever returned first; the other one is then cancelled, and has unwound.
Task<int> first_of(Task<void> one, Task<void> other);
Task<void> both(Task<void> one, Task<void> other);

template <class T>
Task<void> keep_in(std::optional<T>* out, Task<T> work) {
  out->emplace(co_await std::move(work));
}

/// What `work` returned, or nothing when `other` returned first.
template <class T>
Task<std::optional<T>> before(Task<T> work, Task<void> other) {
  std::optional<T> out;
  if (co_await first_of(keep_in(&out, std::move(work)), std::move(other)) != 0) out.reset();
  co_return out;
}

}  // namespace refrelay
