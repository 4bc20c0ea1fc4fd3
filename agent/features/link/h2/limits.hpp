// What a relay may make this box do, and no more. Pure: time is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "agent/core/clock.hpp"

namespace qcloud::link {

struct Limits {
  std::uint32_t streams = 1024;                       // visits at a time on one connection
  std::size_t header_list = 16 * 1024;                // bytes, as HTTP/2 counts them (RFC 9113, 6.5.2)
  std::uint32_t first_window = 256 * 1024;            // of a stream, bytes
  std::uint32_t largest_window = 4 * 1024 * 1024;     // of a stream, once the path has shown its worth
  std::uint32_t connection_window = 8 * 1024 * 1024;  // what may come beyond the budget, bytes
  std::size_t out_buffer = 128 * 1024;                // toward one visitor, bytes
  std::size_t batch = 64 * 1024;                      // handed to TLS at a time: what a fresh frame may wait for
};

// So many events in a span, else it is a flood.
class Flood {
 public:
  constexpr Flood(int most, Millis span) : most_(most), span_(span) {}
  // One more has come; true when that is too many.
  bool too_many(Instant now) {
    if (now - began_ >= span_) {
      began_ = now;
      count_ = 0;
    }
    return ++count_ > most_;
  }

 private:
  int most_;
  Millis span_;
  Instant began_{};
  int count_ = 0;
};

// One for all connections of the link: the bytes that wait in memory, for visitors and for services.
// It is a promise kept with the connection's window: while it is full, no connection gives window back,
// so the most that is ever held is the budget and one window a connection.
class Budget {
 public:
  explicit Budget(std::size_t bytes = 24 * 1024 * 1024) : total_(bytes) {}

  bool full() const { return held_ >= total_; }
  // Nobody's window grows any more, so that new visitors still find room.
  bool tight() const { return held_ >= total_ / 2; }
  std::size_t held() const { return held_; }

  void hold(std::size_t bytes) { held_ += bytes; }
  void release(std::size_t bytes) {
    bool was = full();
    held_ -= bytes;
    if (!was || full()) return;
    for (auto& [who, tell] : waiting_) tell();
  }
  // Told when there is room again.
  void watch(const void* who, std::function<void()> tell) { waiting_[who] = std::move(tell); }
  void forget(const void* who) { waiting_.erase(who); }

 private:
  std::size_t total_, held_ = 0;
  std::map<const void*, std::function<void()>> waiting_;
};

}  // namespace qcloud::link
