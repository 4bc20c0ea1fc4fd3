// The rule of trusted time, as a table of clocks.
#include "agent/cloud/trusted_time.hpp"

#include <doctest/doctest.h>

using namespace qcloud;

namespace {

const WallTime release = from_unix(1793491200), truth = from_unix(1795428000);
const WallTime y1970 = from_unix(40), y2040 = from_unix(2208988800);
const Instant boot{hours(1)};

TrustedTime::Clocks at(WallTime wall, Millis since_boot, bool synchronized = false) {
  return {wall, boot + since_boot, synchronized};
}

}  // namespace

TEST_CASE("trusted time: without NTP and without an answer it is the floor, carried on by the boot clock") {
  for (auto wall : {y1970, truth, y2040}) {
    TrustedTime time(release, boot);
    CHECK_FALSE(time.calendar_counts(at(wall, hours(5))));
    CHECK(time.now(at(wall, Millis(0))) == release);
    CHECK(time.now(at(wall + hours(5), hours(5))) == release + hours(5));
  }
}

TEST_CASE("trusted time: NTP's word counts, but not for a time that is known to have passed") {
  TrustedTime time(release, boot);
  CHECK(time.calendar_counts(at(truth, hours(1), true)));
  CHECK(time.now(at(truth, hours(1), true)) == truth);
  CHECK_FALSE(time.calendar_counts(at(y1970, hours(1), true)));
  CHECK(time.now(at(y1970, hours(1), true)) == release + hours(1));
}

TEST_CASE("trusted time: a verified answer decides, whatever the calendar and NTP say") {
  for (auto wall : {y1970, y2040})
    for (bool ntp : {false, true}) {
      TrustedTime time(release, boot);
      time.heard(truth, at(wall, hours(1), ntp));
      CHECK_FALSE(time.calendar_counts(at(wall, hours(1), ntp)));
      CHECK(time.now(at(wall, hours(1), ntp)) == truth);
      CHECK(time.now(at(wall + days(9), hours(1) + days(9), ntp)) == truth + days(9));
      CHECK(time.floor() == truth);
    }
}

TEST_CASE("trusted time: a calendar that an answer confirmed counts, until it jumps") {
  TrustedTime time(release, boot);
  time.heard(truth + seconds(3), at(truth, hours(1)));
  CHECK(time.calendar_counts(at(truth + days(30), hours(1) + days(30))));
  CHECK(time.now(at(truth + days(30), hours(1) + days(30))) == truth + days(30));
  // Backward and forward jumps, in the middle of a run.
  for (auto jumped : {y1970, truth - hours(1), truth + hours(3), y2040}) {
    CHECK_FALSE(time.calendar_counts(at(jumped, hours(2))));
    CHECK(time.now(at(jumped, hours(2))) == truth + seconds(3) + hours(1));
  }
  // Set right again: no answer is needed for that.
  CHECK(time.calendar_counts(at(truth + hours(1), hours(2))));
}

TEST_CASE("trusted time: two minutes are no difference, more are one") {
  TrustedTime time(release, boot);
  time.heard(truth, at(truth + minutes(2), hours(1)));
  CHECK(time.calendar_counts(at(truth + minutes(2), hours(1))));
  CHECK_FALSE(time.calendar_counts(at(truth + minutes(2) + Millis(1), hours(1))));
  CHECK_FALSE(time.calendar_counts(at(truth - minutes(2) - Millis(1), hours(1))));
}

TEST_CASE("trusted time: the newest answer counts, and the floor never goes back") {
  TrustedTime time(release, boot);
  time.heard(y2040, at(truth, hours(1)));  // the cloud's clock was wrong for a moment
  CHECK(time.floor() == y2040);
  time.heard(truth, at(truth, hours(1)));
  CHECK(time.now(at(truth, hours(1))) == truth);
  CHECK(time.floor() == y2040);
  time.heard(truth, at(y1970, hours(2)));
  CHECK(time.now(at(y1970, hours(2))) == y2040);  // never before what is known to have passed
}

TEST_CASE("trusted time: what has certainly passed does not take NTP's word") {
  TrustedTime time(release, boot);
  CHECK(time.now(at(y2040, hours(1), true)) == y2040);
  CHECK(time.passed(boot + hours(1)) == release + hours(1));  // so a true certificate is not called expired
  time.heard(truth, at(y2040, hours(2), true));
  CHECK(time.passed(boot + hours(3)) == truth + hours(1));
}
