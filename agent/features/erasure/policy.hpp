// Which erasure order is due, and how long to wait after a failed try. Pure.
#pragma once

#include <optional>
#include <span>

#include "agent/core/backoff.hpp"

namespace qcloud::erasure {

// The index of the order that is due first; none when nothing is pending.
std::optional<std::size_t> next_due(std::span<const Instant> due);

// After the n-th failed try: full jitter from seconds, daily in the end, for ever.
Millis wait_after(int tries, Rng& rng, int retry_after_seconds);

}  // namespace qcloud::erasure
