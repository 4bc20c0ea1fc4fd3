// When to dial again, and who is let in. Pure: time and chance are arguments.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/error.hpp"
#include "agent/core/rng.hpp"
#include "agent/health/health.hpp"

namespace qcloud::link {

// How an attachment ended.
enum class Ending : std::uint8_t {
  never_began,  // no address, refused, no TLS, not our protocol
  clean,        // GOAWAY, or the end in order: a relay that restarts
  lost,         // reset, timed out
  broken,       // what came was no HTTP/2, or a flood
};

// The wait before the next dial of one attachment. Full jitter (0.1 s .. min(60 s, 0.5 s * 2^n)), so that a
// relay's boxes do not come back in step. An attachment that held for 60 s is forgiven all that was before:
// its end, in order or not, is then followed by a dial within the second. One that did not hold counts as a
// failure, so that a relay that accepts and drops is not hammered; but for each 5 s that it held one is
// forgiven.
class Redial {
 public:
  Millis after(Ending ending, Millis held, Rng& rng);
  // The box's own address changed: what failed before says nothing any more.
  void forgive() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  int failures_ = 0;
};

// How long an attachment may be silent before the kernel probes its path. One watches the path: a silent
// change of the router's address must be noticed within 35 s. The other is a spare. Most routers remember an
// idle connection for hours (RFC 5382 5), the least patient known at home for 239 s, some carriers for less:
// there it ends with its first probe. Then the spare's span is a quarter, for as long as the network is the
// same: until it is found out, visitors may be sent to a dead path. The watcher's is halved after two such
// ends in a row: so short a span is met by chance. 25 s and 200 s are 405 KB a day; a probe costs 104 bytes,
// a new connection fifty times as much, so that a shorter span is cheaper than what it prevents.
class Liveness {
 public:
  enum class Role : std::uint8_t { watch, spare };
  Millis idle(Role role) const {
    return role == Role::watch ? watch_.idle : std::max(spare_.idle, watch_.idle);
  }
  // An attachment was lost. `silent`: for how long it had carried nothing but probes. True: the span is
  // shorter now.
  bool lost(Role role, Millis silent);
  // One was silent for so long, and is alive.
  void alive(Role role, Millis silent);

 private:
  struct Span {
    Millis idle;
    int strikes = 0;
  };
  Span& of(Role role) { return role == Role::watch ? watch_ : spare_; }
  Span watch_{seconds(25)}, spare_{seconds(200)};
};

// Why there is no attachment, for the owner: an error of the way to the relay, in words.
std::string reason_of(const Error& error);
// What the owner is told of the link while it runs.
struct Situation {
  bool attached = false, way_out = false;  // way_out: there is a network to dial over
  bool named = false, publishes = false;
  std::optional<Error> trouble;  // of the newest try
};
std::vector<Finding> findings(const Situation& now);

// Whom a visitor belongs to: a household has one IPv4 address, and a /64 of IPv6 in which it can choose any
// number.
std::string household(const std::string& address);

// A visit that does not go on: bytes wait, and the visitor does not read or the service does not; or it is
// idle, and nothing waits.
struct Standing {
  std::string source;  // an address
  Millis still;        // for so long
  std::size_t holds;   // memory, bytes
  bool idle = false;   // and was under way before; not: he said his first words and nothing since
};
// While room is scarce: who of them gives way, by index, until `needed` bytes come free. Nobody does within
// two seconds; everybody after ten, and who is idle after two minutes; and in between the sooner, the more
// of them one household has: whoever leaves many lying is waited for less. First goes who has overstayed
// most.
std::vector<std::size_t> who_gives_way(const std::vector<Standing>& all, std::size_t needed);

// Visitors that fail, per household: for services that ask for a password, where a stranger may try many.
// What passes is secret, so it is a guess: a visit that ends within two minutes and with few bytes has
// failed, and one that is there, and of which no more can be said yet, may.
class Doorkeeper {
 public:
  // Whether a visit so long and of so many bytes looks like a failure.
  static bool failed(Millis stayed, std::uint64_t bytes_out) {
    return stayed < minutes(2) && bytes_out < 8 * 1024;
  }
  // `there`: visits of this source that are open, and look like failures so far.
  bool admits(const std::string& source, Instant now, int there) const;
  void left(const std::string& source, Instant now, Millis stayed, std::uint64_t bytes_out);

  static constexpr int most = 20;               // failed visits of one source
  static constexpr Millis span = minutes(10);   // within this time
  static constexpr std::size_t sources = 1024;  // remembered; the oldest is forgotten

 private:
  struct Record {
    Instant began;
    int failed = 0;
  };
  void forget(Instant now);
  std::map<std::string, Record> records_;
};

}  // namespace qcloud::link
