#include "agent/core/turnstile.hpp"

#include <doctest/doctest.h>

#include "tests/unit/loop.hpp"
#include "tests/unit/virtual_clock.hpp"

using namespace qcloud;

namespace {
struct World {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  Turnstile turnstile{io.get_executor()};
  std::vector<int> order;
  int inside = 0, most = 0;

  Task<void> pass(int id) {
    auto mine = co_await turnstile.enter();
    most = std::max(most, ++inside);
    order.push_back(id);
    co_await clock.sleep_for(seconds(1));
    --inside;
  }
};
}  // namespace

TEST_CASE_FIXTURE(World, "turnstile: one at a time, in the order of arrival") {
  auto a = unit::start(io, pass(1)), b = unit::start(io, pass(2)), c = unit::start(io, pass(3));
  clock.advance(seconds(10));
  CHECK(a.returned());
  CHECK(b.returned());
  CHECK(c.returned());
  CHECK(order == std::vector<int>{1, 2, 3});
  CHECK(most == 1);
  CHECK(unit::start(io, turnstile.enter()).returned());
}

TEST_CASE_FIXTURE(World, "turnstile: who comes in the moment of a hand-over stands behind") {
  auto first = unit::start(io, turnstile.enter());
  REQUIRE(first.returned());
  auto waiting = unit::start(io, pass(2));
  first.value().leave();  // the turn is 2's now, though it has not run yet
  auto late = unit::start(io, pass(3));
  clock.advance(seconds(10));
  CHECK(order == std::vector<int>{2, 3});
  CHECK(most == 1);
}

TEST_CASE_FIXTURE(World, "turnstile: who goes away, waiting or with the turn just given, holds up nobody") {
  auto first = unit::start(io, turnstile.enter());
  REQUIRE(first.returned());
  auto a = unit::start(io, pass(1)), b = unit::start(io, pass(2)), c = unit::start(io, pass(3));
  a.cancel();
  CHECK(a.ended());
  first.value().leave();
  b.cancel();
  clock.advance(seconds(10));
  CHECK(c.returned());
  CHECK(order.back() == 3);
  CHECK(unit::start(io, turnstile.enter()).returned());
}
