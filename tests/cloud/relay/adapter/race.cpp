#include "tests/cloud/relay/adapter/race.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace refrelay {

using namespace boost::asio::experimental::awaitable_operators;

Task<int> first_of(Task<void> one, Task<void> other) {
  auto first = co_await (std::move(one) || std::move(other));
  co_return static_cast<int>(first.index());
}

Task<void> both(Task<void> one, Task<void> other) { co_await (std::move(one) && std::move(other)); }

}  // namespace refrelay
