#include "agent/core/race.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace qcloud {

Task<int> first_of(Task<void> one, Task<void> other) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto first = co_await (std::move(one) || std::move(other));
  co_return static_cast<int>(first.index());
}

Task<int> first_of(Task<void> one, Task<void> other, Task<void> third) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto first = co_await (std::move(one) || std::move(other) || std::move(third));
  co_return static_cast<int>(first.index());
}

}  // namespace qcloud
