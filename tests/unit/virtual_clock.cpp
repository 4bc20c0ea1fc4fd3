#include "tests/unit/virtual_clock.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/unit/loop.hpp"

namespace unit {
namespace asio = boost::asio;

// The timer never expires: it is cancelled, by the test's clock or by who cancels the sleeper.
struct VirtualClock::Sleeper {
  qcloud::Instant when;
  asio::steady_timer timer;
  bool woken = false;
};

qcloud::Task<void> VirtualClock::sleep_until(qcloud::Instant when) {
  auto executor = co_await asio::this_coro::executor;
  if (when <= now_) {
    co_await asio::post(executor, asio::use_awaitable);
    co_return;
  }
  Sleeper sleeper{when, asio::steady_timer(executor, asio::steady_timer::time_point::max())};
  struct Listed {
    std::list<Sleeper*>& all;
    Sleeper* one;
    Listed(std::list<Sleeper*>& a, Sleeper* o) : all(a), one(o) { all.push_back(one); }
    ~Listed() { all.remove(one); }
  } listed(sleepers_, &sleeper);
  try {
    co_await sleeper.timer.async_wait(asio::use_awaitable);
  } catch (const boost::system::system_error&) {
    if (!sleeper.woken) throw;
  }
}

void VirtualClock::advance(qcloud::Millis span) {
  settle(io_);
  const auto target = now_ + span;
  for (;;) {
    Sleeper* first = nullptr;
    for (auto* each : sleepers_)
      if (!each->woken && each->when <= target && (!first || each->when < first->when)) first = each;
    if (!first) break;
    now_ = std::max(now_, first->when);
    first->woken = true;
    first->timer.cancel();
    settle(io_);
  }
  now_ = target;
  settle(io_);
}

}  // namespace unit
