// The box's clock. Together with tests/sim the only place that may use a system clock or an Asio timer.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "agent/core/clock.hpp"

namespace qcloud {

// Calendar time by CLOCK_REALTIME, instants by CLOCK_BOOTTIME (Linux 2.6.39 on).
class SystemClock final : public Clock {
 public:
  explicit SystemClock(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  WallTime wall() const override;
  Instant now() const override;
  // Never early. Late by at most ten minutes where the box was suspended meanwhile.
  // Always lets others run first, also when `when` has passed already.
  Task<void> sleep_until(Instant when) override;

 private:
  boost::asio::any_io_executor executor_;
};

}  // namespace qcloud
