#include "agent/features/erasure/policy.hpp"

namespace qcloud::erasure {

std::optional<Due> next_due(const std::vector<Order>& pending, const Outbox& outbox) {
  std::optional<Due> first;
  for (const auto& order : pending) {
    const Delay* delay = outbox.delay(order.id);
    Instant at = delay ? delay->next_try : Instant{};
    if (!first || at < first->at) first = Due{order, at};
  }
  return first;
}

Millis wait_after(int tries, Rng& rng, int retry_after_seconds) {
  Millis ceiling = seconds(2);
  for (int i = 0; i < tries && ceiling < days(1); ++i) ceiling *= 2;
  ceiling = std::min<Millis>(ceiling, days(1));
  // A floor keeps an unlucky draw from hammering a cloud that is in trouble.
  Millis wait = rng.between(ceiling / 8, ceiling);
  if (retry_after_seconds > 0) wait = std::max<Millis>(wait, seconds(std::min(retry_after_seconds, 86400)));
  return wait;
}

}  // namespace qcloud::erasure
