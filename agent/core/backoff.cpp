#include "agent/core/backoff.hpp"

#include <algorithm>

namespace qcloud {

Millis Backoff::next(Rng& rng, int retry_after_seconds) {
  Millis ceiling = base_;
  for (int i = 0; i < tries_ && ceiling < cap_; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, cap_);
  if (tries_ < 60) ++tries_;
  Millis wait = rng.between(Millis(0), ceiling);
  if (retry_after_seconds <= 0) return wait;
  // The crowd was told the same number: spread it by a tenth.
  Millis asked = seconds(std::clamp(retry_after_seconds, 1, 86400));
  return std::max(wait, asked + rng.between(Millis(0), asked / 10));
}

}  // namespace qcloud
