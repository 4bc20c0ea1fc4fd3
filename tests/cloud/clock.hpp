// Time as an argument: the cloud never asks the system what time it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace refcloud {

/// Seconds since 1970-01-01T00:00:00Z.
using Seconds = std::int64_t;

constexpr Seconds minute = 60;
constexpr Seconds hour = 60 * minute;
constexpr Seconds day = 24 * hour;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Seconds now() const = 0;
  /// Moves this clock forward; what the operator's `/clock` calls.
  virtual void advance(Seconds) = 0;
};

/// A clock that moves only when told to. For tests and the simulation.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Seconds start = 1'795'430'400) : now_(start) {}
  Seconds now() const override { return now_; }
  void advance(Seconds by) override { now_ += by; }
  void set(Seconds now) { now_ = now; }

 private:
  Seconds now_;
};

/// RFC 3339 in UTC with a trailing Z: "2026-11-23T10:00:00Z".
std::string rfc3339(Seconds);
/// Reads what rfc3339() writes, and nothing else of RFC 3339 but an optional fraction, which is dropped.
std::optional<Seconds> parse_rfc3339(std::string_view);
/// RFC 9110 section 5.6.7: "Mon, 23 Nov 2026 10:00:00 GMT".
std::string http_date(Seconds);

}  // namespace refcloud
