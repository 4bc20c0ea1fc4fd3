// Virtual time: nothing waits, everything that sleeps is woken in order.
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>

#include "agent/core/clock.hpp"
#include "agent/core/rng.hpp"

namespace sim {

using qcloud::Instant;
using qcloud::Millis;
using qcloud::Task;
using qcloud::WallTime;
using namespace std::chrono_literals;

// One for the whole world: the true time.
class Time {
 public:
  explicit Time(boost::asio::io_context& io) : io_(io) {}
  Instant now() const { return now_; }
  WallTime wall() const;
  Task<void> sleep_until(Instant when);
  // Runs what is ready, then moves to the next sleeper, until `end`.
  void run_until(Instant end);

 private:
  struct Sleeper;
  using Key = std::pair<Instant, std::uint64_t>;
  boost::asio::io_context& io_;
  Instant now_{};
  std::uint64_t order_ = 0;
  std::map<Key, Sleeper*> sleepers_;
};

// A house's clock: the true time, and a calendar that may be wrong.
class HouseClock : public qcloud::Clock {
 public:
  explicit HouseClock(Time& time) : time_(time) {}
  WallTime wall() const override { return time_.wall() + error; }
  Instant now() const override { return time_.now(); }
  Task<void> sleep_until(Instant when) override { return time_.sleep_until(when); }
  Millis error{0};

 private:
  Time& time_;
};

// splitmix64: small, seeded, the same everywhere.
class SimRng : public qcloud::Rng {
 public:
  explicit SimRng(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<unsigned char> out) override {
    for (auto& byte : out) byte = static_cast<unsigned char>(next() >> 32);
  }
  bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability; }
  SimRng fork() { return SimRng(next()); }

 private:
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

}  // namespace sim
