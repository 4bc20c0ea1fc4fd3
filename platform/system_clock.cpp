#include "platform/system_clock.hpp"

#include <time.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace qcloud {

namespace asio = boost::asio;

namespace {

// Asio's timer stands still while the box is suspended; our instants do not. So no single wait is
// longer than this, and all long sleeps look at the clock at the same full multiples of it: however
// many there are, they share one wake-up.
constexpr minutes recheck{10};

}  // namespace

WallTime SystemClock::wall() const { return std::chrono::floor<Millis>(std::chrono::system_clock::now()); }

Instant SystemClock::now() const {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return Instant(seconds(time.tv_sec) + Millis(time.tv_nsec / 1'000'000));
}

Task<void> SystemClock::sleep_until(Instant when) {
  asio::steady_timer timer(executor_);
  do {
    Instant here = now();
    Instant full(here.time_since_epoch() / recheck * recheck);
    Instant look = std::min<Instant>(when, full + recheck);
    timer.expires_after(std::max(look - here, Millis(0)));
    co_await timer.async_wait(asio::use_awaitable);
  } while (now() < when);
}

}  // namespace qcloud
