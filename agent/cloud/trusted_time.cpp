#include "agent/cloud/trusted_time.hpp"

#include <algorithm>

namespace qcloud {

void TrustedTime::heard(WallTime date, const Clocks& clocks) {
  heard_ = Anchor{date, clocks.boot};
  floor_ = std::max(floor_, date);
}

bool TrustedTime::calendar_counts(const Clocks& clocks) const {
  // NTP is not authenticated: a time that is known to have passed is no time it can give.
  if (!heard_) return clocks.synchronized && clocks.wall >= start_.at(clocks.boot) - tolerance;
  auto off = clocks.wall - heard_->at(clocks.boot);
  return off <= tolerance && off >= -tolerance;
}

WallTime TrustedTime::now(const Clocks& clocks) const {
  return calendar_counts(clocks) ? clocks.wall : passed(clocks.boot);
}

WallTime TrustedTime::passed(Instant boot) const {
  return std::max({floor_, start_.at(boot), heard_ ? heard_->at(boot) : floor_});
}

}  // namespace qcloud
