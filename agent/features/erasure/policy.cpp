#include "agent/features/erasure/policy.hpp"

#include <algorithm>

namespace qcloud::erasure {

std::optional<std::size_t> next_due(std::span<const Instant> due) {
  if (due.empty()) return std::nullopt;
  return static_cast<std::size_t>(std::min_element(due.begin(), due.end()) - due.begin());
}

Millis wait_after(int tries, Rng& rng, int retry_after_seconds) {
  Millis ceiling = seconds(2);
  for (int i = 0; i < tries && ceiling < days(1); ++i) ceiling *= 2;
  ceiling = std::min<Millis>(ceiling, days(1));
  // A floor keeps an unlucky draw from hammering a cloud that is in trouble.
  Millis wait = rng.between(ceiling / 8, ceiling);
  if (retry_after_seconds > 0) {
    // The crowd was told the same number: spread it by a tenth.
    Millis asked = seconds(std::min(retry_after_seconds, 86400));
    wait = std::max(wait, asked + rng.between(Millis(0), asked / 10));
  }
  return wait;
}

}  // namespace qcloud::erasure
