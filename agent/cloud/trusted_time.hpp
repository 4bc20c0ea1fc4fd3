// What time is it, certainly? A NAS may start in 1970 (dead battery) or in 2040 (a slip of the hand),
// with or without NTP, and its calendar may jump while it runs. The rule, in one place and pure:
//
//   The box's calendar counts while the newest verified answer of the cloud bears it out; before the
//   first answer of this boot, if the kernel says that NTP keeps it. Else the time is what the newest
//   answer said, carried on by the boot clock, and never before the floor: the newest time that is
//   known to have passed (release date, stored floor, every verified answer).
//
// The box's clock is never set.
#pragma once

#include <optional>

#include "agent/core/clock.hpp"

namespace qcloud {

class TrustedTime {
 public:
  // What the box says at this moment.
  struct Clocks {
    WallTime wall;
    Instant boot;               // never jumps
    bool synchronized = false;  // the kernel: NTP keeps the calendar
  };
  // Two minutes: more than any answer's way takes, less than any protocol here minds.
  static constexpr Millis tolerance = minutes(2);

  TrustedTime(WallTime floor, Instant started) : floor_(floor), start_{floor, started} {}

  // The Date of an answer whose sender was verified.
  void heard(WallTime date, const Clocks& clocks);
  WallTime now(const Clocks& clocks) const;
  // Does the calendar count?
  bool calendar_counts(const Clocks& clocks) const;
  // A time that has certainly passed: NTP's word, which anyone in the network can forge, is not in it.
  WallTime passed(Instant boot) const;
  // An answer was heard since the start: passed() is then the time itself, not only a bound.
  bool certain() const { return heard_.has_value(); }
  // Its part that is worth keeping for the next start; never goes back.
  WallTime floor() const { return floor_; }

 private:
  struct Anchor {
    WallTime time;
    Instant boot;
    WallTime at(Instant now) const { return time + (now - boot); }
  };
  WallTime floor_;
  Anchor start_;
  std::optional<Anchor> heard_;
};

}  // namespace qcloud
