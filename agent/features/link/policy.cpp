#include "agent/features/link/policy.hpp"

#include <algorithm>

namespace qcloud::link {
namespace {

constexpr Millis healthy = seconds(60), shortest(100), first(500), longest = seconds(60), at_once = seconds(1);

}  // namespace

Millis Redial::after(Ending ending, Millis held, Rng& rng) {
  if (ending != Ending::never_began && held >= healthy) {
    failures_ = 0;
    if (ending == Ending::clean || ending == Ending::lost) return rng.between(Millis(0), at_once);
  }
  auto cap = failures_ >= 7 ? longest : std::min<Millis>(longest, first * (1 << failures_));
  if (failures_ < 7) ++failures_;
  return rng.between(shortest, std::max(shortest, cap));
}

bool Doorkeeper::admits(const std::string& source, Instant now) const {
  auto at = records_.find(source);
  return at == records_.end() || at->second.failed < most || now - at->second.began >= span;
}

void Doorkeeper::left(const std::string& source, Instant now, Millis stayed, std::uint64_t bytes_out) {
  bool failed = stayed < seconds(5) && bytes_out < 8 * 1024;
  if (!failed || source.empty()) return;
  if (records_.size() >= sources && !records_.contains(source)) {
    auto oldest = std::min_element(records_.begin(), records_.end(),
                                   [](const auto& a, const auto& b) { return a.second.began < b.second.began; });
    records_.erase(oldest);
  }
  auto& record = records_[source];
  if (record.failed == 0 || now - record.began >= span) record = {now, 0};
  ++record.failed;
}

}  // namespace qcloud::link
