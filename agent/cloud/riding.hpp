// The cloud's word that comes with a connection which stands anyway: while one does, nobody needs to hang at
// the cloud and wait for it. Whoever keeps such a connection sets it; whoever waits for news looks when it
// changes.
#pragma once

#include <cstdint>
#include <string>

namespace qcloud {

struct Riding {
  bool on = false;         // news come with it, and a path that breaks is noticed within 35 s
  std::string seen;        // the address from which the other end sees this box; empty: not told
  std::uint64_t word = 0;  // changes with each reason to look
  bool operator==(const Riding&) const = default;
};

}  // namespace qcloud
