// Device authorization (RFC 8628) as a pure machine, and when to renew a certificate.
//
//   box                         cloud                        owner
//    |-- device authorization --->|                             |
//    |<-- device_code, user_code -|                             |
//    |      shows user_code and URL ------------------------->  |
//    |-- token (each interval) -->|   <--- login, allow/deny ---|
//    |<-- pending | slow_down | expired | denied | token -------|
//
// The machine decides when to ask again and when it is over (sections 3.4 and 3.5).
#pragma once

#include <string>

#include "agent/core/clock.hpp"

namespace qcloud::enroll {

enum class TokenAnswer {
  granted,
  authorization_pending,
  slow_down,  // five seconds more, for good
  access_denied,
  expired_token,
  unreachable,  // no answer, or a server in trouble: ask less often (section 3.5, last paragraph)
  refused,      // anything else the server says
};

class DeviceFlow {
 public:
  // `interval`: what the server asked for, or five seconds when it did not.
  DeviceFlow(Instant now, seconds expires_in, seconds interval);

  enum class Next { ask_at, granted, denied, expired, refused };
  Next on(TokenAnswer answer, Instant now);
  Instant ask_at() const { return ask_at_; }
  Instant expires_at() const { return expires_at_; }

 private:
  Instant expires_at_, ask_at_;
  Millis interval_;
};

// Half of the lifetime, plus up to a tenth of it by `jitter` (0..999), so that boxes which were
// made together do not come back together.
WallTime renew_at(WallTime from, WallTime until, int jitter);

}  // namespace qcloud::enroll
