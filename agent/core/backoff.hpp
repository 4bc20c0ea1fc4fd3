// Full jitter: a wait drawn from [0, min(cap, base * 2^n)], so that a crowd of boxes never returns
// in step. A wait that the peer asked for (Retry-After) is a floor, clamped to a day.
#pragma once

#include "agent/core/error.hpp"
#include "agent/core/rng.hpp"

namespace qcloud {

class Backoff {
 public:
  Backoff(Millis base, Millis cap) : base_(base), cap_(cap) {}

  Millis next(Rng& rng, int retry_after_seconds = 0);
  void reset() { tries_ = 0; }
  int tries() const { return tries_; }

 private:
  Millis base_, cap_;
  int tries_ = 0;
};

}  // namespace qcloud
