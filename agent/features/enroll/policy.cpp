#include "agent/features/enroll/policy.hpp"

#include <algorithm>

namespace qcloud::enroll {

DeviceFlow::DeviceFlow(Instant now, seconds expires_in, seconds interval)
    : expires_at_(now + std::clamp(expires_in, seconds(10), seconds(3600))),
      interval_(std::clamp(interval, seconds(1), seconds(60))) {
  ask_at_ = now + interval_;
}

DeviceFlow::Next DeviceFlow::on(TokenAnswer answer, Instant now) {
  switch (answer) {
    case TokenAnswer::granted:
      return Next::granted;
    case TokenAnswer::access_denied:
      return Next::denied;
    case TokenAnswer::expired_token:
      return Next::expired;
    case TokenAnswer::refused:
      return Next::refused;
    case TokenAnswer::slow_down:
      interval_ += seconds(5);
      break;
    case TokenAnswer::unreachable:
      interval_ = std::min<Millis>(interval_ * 2, minutes(1));
      break;
    case TokenAnswer::authorization_pending:
      break;
  }
  ask_at_ = now + interval_;
  return now >= expires_at_ ? Next::expired : Next::ask_at;
}

WallTime renew_at(WallTime from, WallTime until, int jitter) {
  auto life = std::max(until - from, Millis(0));
  return from + life / 2 + life / 10 * std::clamp(jitter, 0, 999) / 1000;
}

}  // namespace qcloud::enroll
