#include "tests/sim/sim_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace sim {

namespace asio = boost::asio;

// An Asio timer that never expires by itself: it brings the cancellation that a sleep must have.
struct Time::Sleeper {
  explicit Sleeper(asio::io_context& io) : timer(io, asio::steady_timer::time_point::max()) {}
  asio::steady_timer timer;
  bool due = false;
};

WallTime Time::wall() const {
  return WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)) + now_.time_since_epoch();
}

Task<void> Time::sleep_until(Instant when) {
  struct Listed {
    std::map<Key, Sleeper*>& all;
    Key key;
    ~Listed() { all.erase(key); }
  };
  Sleeper sleeper(io_);
  Key key{std::max(when, now_), order_++};
  Listed listed{sleepers_, key};
  sleepers_[key] = &sleeper;
  co_await sleeper.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!sleeper.due) throw boost::system::system_error(asio::error::operation_aborted);
}

void Time::run_until(Instant end) {
  for (;;) {
    io_.restart();
    while (io_.poll() > 0) io_.restart();
    if (sleepers_.empty() || sleepers_.begin()->first.first > end) break;
    auto next = sleepers_.begin();
    now_ = next->first.first;
    Sleeper* sleeper = next->second;
    sleepers_.erase(next);
    sleeper->due = true;
    sleeper->timer.cancel();
  }
  now_ = end;
}

}  // namespace sim
