#include "agent/core/signal.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "agent/core/race.hpp"

namespace qcloud {

namespace asio = boost::asio;

// The notice is a flag; the channel only wakes. Boost 1.81 loses what is sent to a channel whose last
// waiter was cancelled (cancel_by_key leaves send_state_ at `block`), so nothing is stored in it.
struct Signal::Channel {
  explicit Channel(const asio::any_io_executor& executor) : queue(executor, 0) {}
  asio::experimental::channel<void(boost::system::error_code)> queue;
  bool noticed = false;
};

Signal::Signal(asio::any_io_executor executor) : channel_(std::make_unique<Channel>(std::move(executor))) {}
Signal::~Signal() = default;

void Signal::notify() {
  channel_->noticed = true;
  channel_->queue.try_send(boost::system::error_code{});
}

void Signal::clear() { channel_->noticed = false; }

Task<void> Signal::noticed() {
  while (!channel_->noticed) {
    auto [error] = co_await channel_->queue.async_receive(asio::as_tuple(asio::use_awaitable));
    // A channel has its own word for cancellation; everyone else's is operation_aborted.
    if (error) throw boost::system::system_error(asio::error::operation_aborted);
  }
}

Task<void> Signal::wait() {
  co_await noticed();
  clear();
}

Task<bool> Signal::wait_until(Clock& clock, Instant deadline) {
  co_await first_of(noticed(), clock.sleep_until(deadline));
  co_return std::exchange(channel_->noticed, false);
}

}  // namespace qcloud
