#include <doctest/doctest.h>

#include "agent/core/fact.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/virtual_clock.hpp"

using namespace qcloud;

namespace {
struct World {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  Signal signal{io.get_executor()};
};
}  // namespace

TEST_CASE_FIXTURE(World, "signal: a notice before the wait is not lost") {
  signal.notify();
  CHECK(unit::start(io, signal.wait()).returned());
}

TEST_CASE_FIXTURE(World, "signal: several notices before a wait are one") {
  signal.notify();
  signal.notify();
  signal.notify();
  CHECK(unit::start(io, signal.wait()).returned());
  auto second = unit::start(io, signal.wait());
  CHECK_FALSE(second.ended());
  signal.notify();
  unit::settle(io);
  CHECK(second.returned());
}

TEST_CASE_FIXTURE(World, "signal: clear() takes a notice that is there") {
  signal.notify();
  signal.clear();
  auto waiting = unit::start(io, signal.wait());
  CHECK_FALSE(waiting.ended());
  signal.clear();
  signal.notify();
  unit::settle(io);
  CHECK(waiting.returned());
}

TEST_CASE_FIXTURE(World, "signal: wait_until ends by the notice or by the deadline") {
  auto late = unit::start(io, signal.wait_until(clock, clock.now() + seconds(5)));
  clock.advance(Millis(4999));
  CHECK_FALSE(late.ended());
  clock.advance(Millis(1));
  REQUIRE(late.returned());
  CHECK(late.value() == false);

  auto early = unit::start(io, signal.wait_until(clock, clock.now() + seconds(5)));
  clock.advance(seconds(1));
  signal.notify();
  unit::settle(io);
  REQUIRE(early.returned());
  CHECK(early.value() == true);
  CHECK_FALSE(clock.anyone_sleeps());  // the loser of the race is gone

  signal.notify();
  auto at_once = unit::start(io, signal.wait_until(clock, clock.now() + seconds(5)));
  REQUIRE(at_once.returned());
  CHECK(at_once.value() == true);
}

TEST_CASE_FIXTURE(World, "signal: a notice that meets the deadline is kept for the next wait or reported") {
  auto race = unit::start(io, signal.wait_until(clock, clock.now() + seconds(5)));
  signal.notify();  // both are ready before the loop runs
  clock.advance(seconds(5));
  REQUIRE(race.returned());
  if (!race.value()) CHECK(unit::start(io, signal.wait()).returned());
}

TEST_CASE_FIXTURE(World, "signal: cancellation unwinds a wait, and the signal stays usable") {
  auto waiting = unit::start(io, signal.wait());
  waiting.cancel();
  CHECK(waiting.ended());
  CHECK_FALSE(waiting.returned());
  signal.notify();
  CHECK(unit::start(io, signal.wait()).returned());
}

TEST_CASE_FIXTURE(World, "signal: a notice after a wait that ran into its deadline is not lost") {
  for (int i = 0; i < 3; ++i) {
    auto late = unit::start(io, signal.wait_until(clock, clock.now() + seconds(1)));
    clock.advance(seconds(1));
    REQUIRE(late.returned());
    CHECK_FALSE(late.value());
    signal.notify();  // nobody waits at this moment: the feature is busy
    auto next = unit::start(io, signal.wait_until(clock, clock.now() + seconds(1)));
    REQUIRE(next.returned());
    CHECK(next.value());
  }
}

TEST_CASE_FIXTURE(World, "fact: wakes its subscribers on a change, and only on a change") {
  Fact<int> fact(1);
  auto subscription = fact.wake(signal);
  fact.set(1);
  auto waiting = unit::start(io, signal.wait());
  CHECK_FALSE(waiting.ended());
  fact.set(2);
  unit::settle(io);
  CHECK(waiting.returned());
  CHECK(fact.get() == 2);
}

TEST_CASE_FIXTURE(World, "fact: a change before the wait is not lost") {
  Fact<std::string> fact;
  auto subscription = fact.wake(signal);
  fact.set("a");
  fact.set("b");
  CHECK(unit::start(io, signal.wait()).returned());
  CHECK(fact.get() == "b");
}

TEST_CASE_FIXTURE(World, "fact: update changes one part and leaves the rest") {
  struct Pair {
    int a = 1, b = 2;
    bool operator==(const Pair&) const = default;
  };
  Fact<Pair> fact;
  auto subscription = fact.wake(signal);
  fact.update([](Pair& p) { p.a = 1; });
  auto waiting = unit::start(io, signal.wait());
  CHECK_FALSE(waiting.ended());
  fact.update([](Pair& p) { p.a = 9; });
  unit::settle(io);
  CHECK(waiting.returned());
  CHECK(fact.get().b == 2);
}

TEST_CASE_FIXTURE(World, "fact: who unsubscribed is not woken; moved subscriptions wake once") {
  Fact<int> fact(0);
  Signal other(io.get_executor());
  { auto gone = fact.wake(signal); }
  auto kept = fact.wake(other);
  auto moved = std::move(kept);
  auto silent = unit::start(io, signal.wait());
  auto woken = unit::start(io, other.wait());
  fact.set(1);
  unit::settle(io);
  CHECK_FALSE(silent.ended());
  CHECK(woken.returned());

  moved = FactBase::Subscription();
  auto again = unit::start(io, other.wait());
  fact.set(2);
  unit::settle(io);
  CHECK_FALSE(again.ended());
}

TEST_CASE_FIXTURE(World, "fact: one signal may be subscribed to several facts and twice to one") {
  Fact<int> a(0), b(0);
  auto s1 = a.wake(signal);
  auto s2 = b.wake(signal);
  { auto s3 = a.wake(signal); }
  auto waiting = unit::start(io, signal.wait());
  a.set(1);
  unit::settle(io);
  CHECK(waiting.returned());
  auto next = unit::start(io, signal.wait());
  b.set(1);
  unit::settle(io);
  CHECK(next.returned());
}
