#include <doctest/doctest.h>

#include <optional>

#include "agent/core/signal.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/virtual_clock.hpp"

using namespace qcloud;

namespace {

struct World {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  std::optional<Signal> signal{std::in_place, io.get_executor()};
  int woken = 0;

  Task<void> count() {
    for (;;) {
      co_await signal->wait();
      ++woken;
    }
  }
};

}  // namespace

TEST_CASE_FIXTURE(World, "signal: a notice before the wait is kept, and several are one") {
  signal->notify();
  signal->notify();
  auto counting = unit::start(io, count());
  CHECK(woken == 1);
  signal->notify();
  signal->notify();
  CHECK(woken == 1);  // who waits has his turn later
  unit::settle(io);
  CHECK(woken == 2);
  signal->notify();
  signal->clear();
  unit::settle(io);
  CHECK(woken == 2);
  CHECK(!counting.ended());
  counting.cancel();
}

TEST_CASE_FIXTURE(World,
                  "signal: nothing is lost with a waiter who was cancelled, before his turn or in it") {
  auto first = unit::start(io, signal->wait());
  first.cancel();
  CHECK(first.threw());
  signal->notify();
  CHECK(unit::start(io, signal->wait()).returned());

  auto second = unit::start(io, signal->noticed());
  signal->notify();
  second.cancel();  // too late: he is on his way
  CHECK(second.ended());
  CHECK(unit::start(io, signal->noticed()).returned());
}

TEST_CASE_FIXTURE(World, "signal: waits until it is notified, or until then") {
  auto waiting = unit::start(io, signal->wait_until(clock, clock.now() + seconds(5)));
  clock.advance(seconds(4));
  CHECK(!waiting.ended());
  clock.advance(seconds(1));
  REQUIRE(waiting.returned());
  CHECK(!waiting.value());
  auto notified = unit::start(io, signal->wait_until(clock, clock.now() + seconds(5)));
  signal->notify();
  unit::settle(io);
  REQUIRE(notified.returned());
  CHECK(notified.value());
}

TEST_CASE_FIXTURE(World, "signal: its end wakes who waits, and he hears of it") {
  auto waiting = unit::start(io, signal->noticed());
  signal.reset();
  unit::settle(io);
  CHECK(waiting.threw());
}

TEST_CASE("signal: the loop goes on while someone waits, and is over when nobody does") {
  boost::asio::io_context io;
  Signal signal(io.get_executor());
  auto waiting = unit::start(io, signal.wait());
  io.restart();
  CHECK(io.poll() == 0);
  CHECK(!io.stopped());
  signal.notify();
  io.run();
  CHECK(waiting.returned());
}
