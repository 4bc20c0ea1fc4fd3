// Waiting for one of two things. Asio's operators are compiled once, in race.cpp: for a result of every type
// they took half of the time of some files.
#pragma once

#include <exception>
#include <optional>

#include "agent/core/signal.hpp"

namespace qcloud {

// The number, from 0, of the one that returned first; the others are then cancelled, and have unwound. One
// that throws has not returned: the others are waited for. When all throw, so does this.
Task<int> first_of(Task<void> one, Task<void> other);
Task<int> first_of(Task<void> one, Task<void> other, Task<void> third);

// An exception in the work would be waited out like that. So it travels as a value, and goes on from where
// the race is over.
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
Task<void> catch_into(Caught<T>* out, Task<T> work) {
  try {
    out->value.emplace(co_await std::move(work));
  } catch (...) {
    out->thrown = std::current_exception();
  }
}

// What `work` returned, or nothing when `other` returned first; the work is then cancelled.
template <class T>
Task<std::optional<T>> before(Task<T> work, Task<void> other) {
  Caught<T> caught;
  int first = co_await first_of(catch_into(&caught, std::move(work)), std::move(other));
  if (first == 0) co_return std::optional<T>(caught.take());
  co_return std::nullopt;
}

// What `work` returned, or nothing when `interrupt` came first.
template <class T>
Task<std::optional<T>> unless(Task<T> work, Signal& interrupt) {
  auto done = co_await before(std::move(work), interrupt.noticed());
  if (!done) interrupt.clear();
  co_return done;
}

// What `work` returned, or nothing when `deadline` came first.
template <class T>
Task<std::optional<T>> within(Task<T> work, Clock& clock, Instant deadline) {
  return before(std::move(work), clock.sleep_until(deadline));
}

}  // namespace qcloud
