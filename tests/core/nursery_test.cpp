#include <doctest/doctest.h>

#include <boost/asio/this_coro.hpp>
#include <stdexcept>

#include "agent/core/nursery.hpp"
#include "agent/core/race.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/virtual_clock.hpp"

using namespace qcloud;

namespace {

struct OnExit {
  std::vector<int>& order;
  int id;
  ~OnExit() { order.push_back(id); }
};

struct World {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  Signal signal{io.get_executor()};
  std::vector<int> order;

  Task<void> sleeper(int id, Millis span) {
    OnExit guard{order, id};
    co_await clock.sleep_for(span);
  }
  Task<int> number(int id, Millis span) {
    OnExit guard{order, id};
    co_await clock.sleep_for(span);
    co_return id;
  }
  // Needs a second of peace to clean up after it was cancelled.
  Task<void> slow_to_leave(int id) {
    OnExit guard{order, id};
    bool cancelled = false;
    try {
      co_await clock.sleep_for(hours(1));
    } catch (const boost::system::system_error&) {
      cancelled = true;
    }
    if (cancelled) {
      co_await boost::asio::this_coro::reset_cancellation_state();
      co_await clock.sleep_for(seconds(1));
    }
  }
  Task<void> faulty() {
    co_await clock.sleep_for(seconds(1));
    throw std::runtime_error("broken on purpose");
  }
};

}  // namespace

TEST_CASE_FIXTURE(World, "nursery: stops by cancellation, newest first") {
  Nursery nursery(io.get_executor());
  CHECK(nursery.empty());
  for (int id = 1; id <= 3; ++id) nursery.spawn(sleeper(id, hours(1)));
  unit::settle(io);
  CHECK_FALSE(nursery.empty());
  auto stop = unit::start(io, nursery.stop());
  CHECK(stop.returned());
  CHECK(order == std::vector<int>{3, 2, 1});
  CHECK(nursery.empty());
  CHECK(nursery.failure().empty());
}

TEST_CASE_FIXTURE(World, "nursery: stop() returns when the last child has unwound") {
  Nursery nursery(io.get_executor());
  nursery.spawn(sleeper(1, hours(1)));
  nursery.spawn(slow_to_leave(2));
  unit::settle(io);
  auto stop = unit::start(io, nursery.stop());
  CHECK_FALSE(stop.ended());
  clock.advance(seconds(1));
  CHECK(stop.returned());
  CHECK(order.size() == 2);
  CHECK(nursery.empty());
}

TEST_CASE_FIXTURE(World,
                  "nursery: a child that ends by itself leaves; stop of an empty one returns at once") {
  Nursery nursery(io.get_executor());
  nursery.spawn(sleeper(1, seconds(1)));
  clock.advance(seconds(2));
  CHECK(nursery.empty());
  CHECK(unit::start(io, nursery.stop()).returned());
}

TEST_CASE_FIXTURE(World, "nursery: what escapes a child is told, cancellation is not") {
  Nursery nursery(io.get_executor());
  nursery.spawn(sleeper(1, hours(1)));
  nursery.spawn(faulty());
  clock.advance(seconds(2));
  CHECK(nursery.failure().find("broken on purpose") != std::string::npos);
  CHECK_FALSE(nursery.empty());
  CHECK(unit::start(io, nursery.stop()).returned());
}

TEST_CASE_FIXTURE(World, "nursery: a child spawned and stopped before it ever ran is gone too") {
  Nursery nursery(io.get_executor());
  nursery.spawn(sleeper(1, hours(1)));
  auto stop = unit::start(io, nursery.stop());
  clock.advance(seconds(1));
  CHECK(stop.returned());
  CHECK(nursery.empty());
}

TEST_CASE_FIXTURE(World, "nursery: children that wait on a signal are cancelled, and that is no failure") {
  Nursery nursery(io.get_executor());
  auto waits = [this]() -> Task<void> { co_await signal.wait(); };
  auto waits_until = [this]() -> Task<void> { co_await signal.wait_until(clock, clock.now() + hours(1)); };
  nursery.spawn(waits());
  unit::settle(io);
  CHECK(unit::start(io, nursery.stop()).returned());
  CHECK(nursery.failure().empty());
  Nursery second(io.get_executor());
  second.spawn(waits_until());
  unit::settle(io);
  CHECK(unit::start(io, second.stop()).returned());
  CHECK(second.failure().empty());
}

TEST_CASE_FIXTURE(World, "race: a notice in the very moment in which the work ends is not eaten") {
  auto racing = unit::start(io, unless(number(7, seconds(1)), signal));
  auto late = [this]() -> Task<void> {
    co_await clock.sleep_for(seconds(1));
    signal.notify();
  };
  auto notifier = unit::start(io, late());
  clock.advance(seconds(1));
  REQUIRE(racing.returned());
  auto again = unit::start(io, signal.wait());
  CHECK(again.returned() == racing.value().has_value());
}

TEST_CASE_FIXTURE(World, "race: unless() gives the work's value, or nothing when the interrupt was first") {
  auto done = unit::start(io, unless(number(7, seconds(1)), signal));
  clock.advance(seconds(1));
  REQUIRE(done.returned());
  CHECK(done.value() == std::optional<int>(7));
  CHECK(order == std::vector<int>{7});

  auto stopped = unit::start(io, unless(number(8, seconds(1)), signal));
  signal.notify();
  unit::settle(io);
  REQUIRE(stopped.returned());
  CHECK_FALSE(stopped.value().has_value());
  CHECK(order == std::vector<int>{7, 8});  // the work has unwound
  CHECK_FALSE(clock.anyone_sleeps());
}

TEST_CASE_FIXTURE(World, "race: an exception of the work comes out at once, and the other side is gone") {
  auto breaks = [this]() -> Task<int> {
    co_await clock.sleep_for(seconds(1));
    throw std::runtime_error("broken on purpose");
  };
  auto racing = unit::start(io, unless(breaks(), signal));
  auto timed = unit::start(io, within(breaks(), clock, clock.now() + hours(1)));
  clock.advance(seconds(1));
  CHECK(racing.threw());
  CHECK(timed.threw());
  CHECK_FALSE(clock.anyone_sleeps());
}

TEST_CASE_FIXTURE(World, "race: within() gives the work's value, or nothing at the deadline") {
  auto done = unit::start(io, within(number(1, seconds(1)), clock, clock.now() + seconds(2)));
  clock.advance(seconds(1));
  REQUIRE(done.returned());
  CHECK(done.value() == std::optional<int>(1));
  CHECK_FALSE(clock.anyone_sleeps());

  auto late = unit::start(io, within(number(2, seconds(3)), clock, clock.now() + seconds(2)));
  clock.advance(seconds(2));
  REQUIRE(late.returned());
  CHECK_FALSE(late.value().has_value());
  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE_FIXTURE(World, "race: cancelling the whole unwinds both sides") {
  auto racing = unit::start(io, unless(number(1, hours(1)), signal));
  racing.cancel();
  CHECK(racing.ended());
  CHECK_FALSE(racing.returned());
  CHECK(order == std::vector<int>{1});
  CHECK_FALSE(clock.anyone_sleeps());
}

TEST_CASE_FIXTURE(World, "race: a notice to the interrupt after the work has won is not eaten") {
  auto done = unit::start(io, unless(number(7, seconds(1)), signal));
  clock.advance(seconds(1));
  REQUIRE(done.returned());
  signal.notify();
  CHECK(unit::start(io, signal.wait()).returned());
}
