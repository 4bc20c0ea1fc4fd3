// What to do with an erasure order now. Pure.
#pragma once

#include <vector>

#include "agent/core/backoff.hpp"
#include "agent/store/outbox.hpp"

namespace qcloud::erasure {

// The order that is due next and when; none when nothing is pending.
struct Due {
  Order order;
  Instant at;
};
std::optional<Due> next_due(const std::vector<Order>& pending, const Outbox& outbox);

// How long to wait after the n-th failed try: full jitter from a second, daily in the end, for ever.
Millis wait_after(int tries, Rng& rng, int retry_after_seconds);

}  // namespace qcloud::erasure
