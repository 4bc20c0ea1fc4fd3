#include "tests/unit/loop.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace unit {

void settle(boost::asio::io_context& io) {
  do io.restart();
  while (io.poll() != 0);
}

void launch(boost::asio::io_context& io, qcloud::Task<void> work, boost::asio::cancellation_slot slot,
            std::function<void(std::exception_ptr)> ended) {
  boost::asio::co_spawn(io, std::move(work), boost::asio::bind_cancellation_slot(slot, std::move(ended)));
  settle(io);
}

}  // namespace unit
