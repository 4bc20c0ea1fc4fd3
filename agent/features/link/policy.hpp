// When to dial again, and who is let in. Pure: time and chance are arguments.
#pragma once

#include <map>
#include <string>

#include "agent/core/rng.hpp"

namespace qcloud::link {

// How an attachment ended.
enum class Ending : std::uint8_t {
  never_began,  // no address, refused, no TLS, not our protocol
  clean,        // GOAWAY, or the end in order: a relay that restarts
  lost,         // reset, timed out
  broken,       // what came was no HTTP/2, or a flood
};

// The wait before the next dial of one attachment. Full jitter (0.1 s .. min(60 s, 0.5 s * 2^n)), so that a
// relay's boxes do not come back in step. An attachment that held for 60 s is forgiven all that was before: a clean
// or a broken end is then followed by a dial within the second. One that did not hold counts as a failure,
// so that a relay that accepts and drops is not hammered.
class Redial {
 public:
  Millis after(Ending ending, Millis held, Rng& rng);
  // The box's own address changed: what failed before says nothing any more.
  void forgive() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  int failures_ = 0;
};

// Visitors that fail, per source: for services that ask for a password, where a stranger may try many.
// A visit that ends within a few seconds and with few bytes is one that failed.
class Doorkeeper {
 public:
  bool admits(const std::string& source, Instant now) const;
  void left(const std::string& source, Instant now, Millis stayed, std::uint64_t bytes_out);

  static constexpr int most = 20;               // failed visits of one source
  static constexpr Millis span = minutes(10);   // within this time
  static constexpr std::size_t sources = 1024;  // remembered; the oldest is forgotten

 private:
  struct Record {
    Instant began;
    int failed = 0;
  };
  std::map<std::string, Record> records_;
};

}  // namespace qcloud::link
