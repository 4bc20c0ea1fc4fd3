// What a relay may make this box do, and no more. Pure: time is an argument.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/core/clock.hpp"

namespace qcloud::link {

struct Limits {
  std::uint32_t streams = 1024;                    // visits at a time on one connection
  std::size_t tellings = 8;                        // requests at a time that are no visits
  std::size_t header_list = 16 * 1024;             // bytes, as HTTP/2 counts them (RFC 9113, 6.5.2)
  std::size_t continuations = 8;                   // frames of one header block beyond its first
  std::size_t queued = 10'000;                     // frames for a relay that does not read
  std::uint32_t announced_window = 32 * 1024;      // of a visit before its service has taken anything, bytes
  std::uint32_t first_window = 256 * 1024;         // of a visit after that, while there is memory
  std::uint32_t largest_window = 4 * 1024 * 1024;  // of a visit, once the path has shown its worth
  std::uint32_t connection_window = 4 * 1024 * 1024;  // of all visits of a connection
  std::size_t out_buffer = 256 * 1024;                // toward one visitor, bytes
  // Handed to TLS at a time. The first is what a fresh frame may have to wait for; while the relay takes all
  // of it at once nothing waits, and larger ones cost less.
  std::size_t batch = 64 * 1024, largest_batch = 128 * 1024;
  std::size_t interactive = 64 * 1024;  // so much of a visit goes before what others have in bulk
  Millis greeting = seconds(10);        // until the relay has said its SETTINGS
  Millis silence = minutes(20), answer = seconds(30);  // then it is asked, and has so long to answer
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
  // There were, in the span that runs.
  bool over(Instant now) const { return count_ > most_ && now - began_ < span_; }

 private:
  int most_;
  Millis span_;
  Instant began_{};
  int count_ = 0;
};

// What is cheap to say and dear to hear, counted. nghttp2 has limits of its own for some of it; these are
// ours, so that they are the same with every version. A visitor can cause resets and nothing else here: many
// of them keep others out for a moment, and end nobody's visit.
class Patience {
 public:
  enum class What : std::uint8_t { reset, ping, settings, empty, malformed, telling };

  // So many visitors were reset that no more are let in now: each costs a connection to the service.
  bool hasty(Instant now) const { return resets_.over(now); }
  // True: this relay floods, and will be left.
  bool over(What what, Instant now) {
    if (what == What::reset) resets_.too_many(now);
    return lost_ |= counted_[static_cast<std::size_t>(what)].too_many(now);
  }
  bool lost() const { return lost_; }

 private:
  Flood counted_[6] = {{10'000, seconds(10)}, {100, seconds(10)}, {20, seconds(10)},
                       {100, seconds(10)},    {100, seconds(10)}, {100, seconds(10)}};
  Flood resets_{2000, seconds(10)};
  bool lost_ = false;
};

}  // namespace qcloud::link
