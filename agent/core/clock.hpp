// Time is an argument. Two implementations: platform/system_clock (the box), tests/sim (virtual).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/task.hpp"

namespace qcloud {

using Millis = std::chrono::milliseconds;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using days = std::chrono::days;

// What a calendar says (UTC, milliseconds). May be wrong by years on a box with a dead battery.
using WallTime = std::chrono::sys_time<Millis>;
// Since some fixed moment of this boot; never jumps, counts suspended time.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Millis>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual Instant now() const = 0;
  // Returns at `when` or a little later. Cancellation unwinds it.
  virtual Task<void> sleep_until(Instant when) = 0;

  Task<void> sleep_for(Millis span) { return sleep_until(now() + span); }
};

// RFC 3339 in UTC with whole seconds: "2026-11-23T10:00:00Z".
std::string to_rfc3339(WallTime time);
std::optional<WallTime> parse_rfc3339(std::string_view text);
// The Date header: RFC 9110 section 5.6.7, IMF-fixdate only.
std::optional<WallTime> parse_http_date(std::string_view text);
// Seconds since 1970, as SQLite and JWS hold it.
inline std::int64_t unix_seconds(WallTime time) {
  return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count();
}
inline WallTime from_unix(std::int64_t value) { return WallTime(seconds(value)); }

}  // namespace qcloud
