// A clock that stands where the test puts it.
#pragma once

#include "agent/core/clock.hpp"

struct SetClock final : qcloud::Clock {
  qcloud::WallTime wall() const override { return {}; }
  qcloud::Instant now() const override { return qcloud::Instant(at); }
  qcloud::Task<void> sleep_until(qcloud::Instant) override { co_return; }
  qcloud::Millis at{0};
};
