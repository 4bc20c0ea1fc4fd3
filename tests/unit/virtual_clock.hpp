// Time that passes only when the test says so.
#pragma once

#include <boost/asio/io_context.hpp>
#include <list>

#include "agent/core/clock.hpp"

namespace unit {

class VirtualClock final : public qcloud::Clock {
 public:
  explicit VirtualClock(boost::asio::io_context& io) : io_(io) {}

  qcloud::WallTime wall() const override { return wall_at_zero_ + now_.time_since_epoch(); }
  qcloud::Instant now() const override { return now_; }
  qcloud::Task<void> sleep_until(qcloud::Instant when) override;

  // Passes through every deadline on the way, and lets all run that it wakes.
  void advance(qcloud::Millis span);
  // The calendar jumps; the boot clock does not.
  void set_wall(qcloud::WallTime wall) { wall_at_zero_ = wall - now_.time_since_epoch(); }
  bool anyone_sleeps() const { return !sleepers_.empty(); }

 private:
  struct Sleeper;
  boost::asio::io_context& io_;
  qcloud::Instant now_{qcloud::seconds(1000)};
  // 2026-11-23T10:00:00Z at the start.
  qcloud::WallTime wall_at_zero_ = qcloud::from_unix(1795428000 - 1000);
  std::list<Sleeper*> sleepers_;
};

}  // namespace unit
