#include "agent/core/signal.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace qcloud {

namespace asio = boost::asio;

struct Signal::Channel {
  explicit Channel(asio::any_io_executor executor) : queue(std::move(executor), 1) {}
  asio::experimental::channel<void(boost::system::error_code)> queue;
};

Signal::Signal(asio::any_io_executor executor)
    : channel_(std::make_unique<Channel>(std::move(executor))) {}
Signal::~Signal() = default;

void Signal::notify() { channel_->queue.try_send(boost::system::error_code{}); }

void Signal::clear() {
  channel_->queue.try_receive([](boost::system::error_code) {});
}

Task<void> Signal::wait() { co_await channel_->queue.async_receive(asio::use_awaitable); }

Task<bool> Signal::wait_until(Clock& clock, Instant deadline) {
  using namespace asio::experimental::awaitable_operators;
  auto first = co_await (wait() || clock.sleep_until(deadline));
  co_return first.index() == 0;
}

}  // namespace qcloud
