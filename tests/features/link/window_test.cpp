// How much may come and how much is held: windows, and the memory of the link.
#include <malloc.h>

#include "tests/features/link/relay_windows.hpp"

using namespace qcloud;
using namespace qcloud::link;
using unit::RelayWindows;
using unit::SessionWorld;

namespace {

constexpr std::size_t memory = 20 * 1024 * 1024;

// What is in use on the heap in truth (nothing under a sanitizer, which has a heap of its own).
std::size_t heap() {
  auto now = ::mallinfo2();
  return now.uordblks + now.hblkhd;
}

// The service gives without end; true when the visit takes no more.
std::size_t pour(SessionWorld& world, Visit& visit, std::size_t most) {
  std::size_t sum = 0;
  while (sum < most) {
    auto wait = unit::start(world.io, visit.room(64 * 1024));
    if (!wait.returned()) {
      wait.cancel();
      break;
    }
    if (!wait.value()) break;
    auto place = *wait.value();
    std::memset(place.data(), 'y', place.size());
    visit.commit(place.size());
    sum += place.size();
    unit::settle(world.io);
  }
  return sum;
}

std::uint32_t last_limit(SessionWorld& world) {
  std::uint32_t limit = 0;
  world.listen();
  for (const auto& frame : world.seen)
    if (frame.type == frames::settings && !(frame.flags & frames::ack))
      for (std::size_t at = 0; at + 6 <= frame.payload.size(); at += 6)
        if (frames::value(frame.payload, at, 2) == 3) limit = frames::value(frame.payload, at + 2, 4);
  return limit;
}

}  // namespace

TEST_CASE("link: a visit begins with a window of 256 KiB, a service that takes nothing gives none back") {
  SessionWorld world;
  world.greeted();
  RelayWindows relay(world);
  auto visit = world.open(1);
  CHECK(relay.of(1) == 32 * 1024);
  visit->answer(200);
  relay.hear();
  CHECK(relay.of(1) == 256 * 1024);
  while (relay.send(1) > 0) {
  }
  relay.hear();
  CHECK(relay.of(1) == 0);
  CHECK(relay.of(0) > 1 << 20);  // and the connection's window is not its business
  visit->passed_on(200 * 1024);
  relay.hear();
  CHECK(relay.of(1) == 200 * 1024);
}

TEST_CASE("link: what came for visits that are gone, and padding, comes back to the connection") {
  SessionWorld world;
  world.greeted();
  RelayWindows relay(world);
  relay.hear();
  auto whole = relay.of(0);
  std::uint32_t id = 1;
  for (int i = 0; i < 400; ++i, id += 2) {
    auto visit = world.open(id);
    if (i % 2 == 0) visit->reset();
    for (int j = 0; j < 2; ++j) {
      // PADDED: a byte that says how much, the padding
      world.say(frames::frame(frames::data, 8, id, std::string(1, 100) + std::string(12000, 'x') + std::string(100, '\0')));
      relay.of(0) -= 12101;
    }
    visit->reset();
    world.visits.clear();
    relay.hear();
    REQUIRE(relay.of(0) >= 0);
  }
  CHECK(!world.running->ended());
  CHECK(relay.of(0) >= whole / 2);
  CHECK(world.budget.held() == 0);
}

TEST_CASE("link: a visit's window grows while it is the bound, up to the limit") {
  Limits limits;
  limits.largest_window = 1024 * 1024;
  SessionWorld world(limits);
  world.greeted();
  RelayWindows relay(world);
  auto visit = world.open(1);
  visit->answer(200);
  for (int round = 0; round < 12; ++round) {
    while (auto sent = relay.send(1)) visit->passed_on(sent);
    world.clock.advance(Millis(40));
    for (const auto& ping : world.heard(frames::ping, 0))
      if (!(ping.flags & frames::ack)) world.say(frames::frame(frames::ping, frames::ack, 0, ping.payload));
  }
  relay.hear();
  CHECK(world.session.round_trip() == Millis(40));
  CHECK(relay.of(1) >= limits.largest_window * 3 / 4);
  CHECK(relay.of(1) <= limits.largest_window);
}

TEST_CASE("link: a visit whose path or service is slow keeps the window that it has") {
  SessionWorld world;
  world.greeted();
  RelayWindows relay(world);
  auto visit = world.open(1);
  visit->answer(200);
  for (int round = 0; round < 12; ++round) {
    visit->passed_on(relay.send(1) + relay.send(1));
    world.clock.advance(Millis(40));
    for (const auto& ping : world.heard(frames::ping, 0))
      if (!(ping.flags & frames::ack)) world.say(frames::frame(frames::ping, frames::ack, 0, ping.payload));
  }
  relay.hear();
  CHECK(relay.of(1) <= 256 * 1024);
}

TEST_CASE("link: as memory fills, a large window is taken back") {
  SessionWorld world({}, 12 << 20);
  world.greeted();
  RelayWindows relay(world);
  auto visit = world.open(1);
  visit->answer(200);
  auto run = [&](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < 200; ++i) {
        auto sent = relay.send(1);
        if (sent == 0) break;
        visit->passed_on(sent);
      }
      world.clock.advance(Millis(40));
      for (const auto& ping : world.heard(frames::ping, 0))
        if (!(ping.flags & frames::ack)) world.say(frames::frame(frames::ping, frames::ack, 0, ping.payload));
    }
    relay.hear();
    return relay.of(1);
  };
  auto wide = run(12);
  CHECK(wide > 1 << 20);
  REQUIRE(world.budget.hold(world.budget.free() - (2 << 20)));
  CHECK(run(12) <= 512 * 1024);
}

TEST_CASE("link: slow services, 64 and 1,000 of them: memory stays in the budget, the next visitor is served") {
  for (std::uint32_t count : {64u, 1000u}) {
    CAPTURE(count);
    SessionWorld world({}, memory);
    world.greeted();
    RelayWindows relay(world);
    auto before = heap();
    std::vector<std::uint32_t> open;
    for (std::uint32_t i = 0; i < count; ++i) {
      world.say(frames::connect(1 + 2 * i, "nas1.mynas.test:443"));
      if (world.visits.empty()) continue;  // refused
      world.visits.back()->answer(200);
      open.push_back(1 + 2 * i);
      std::swap(world.visits.back(), world.visits[0]);
      // The world forgets it; somebody must hold it.
    }
    CHECK(open.size() <= count);
    bool sent = true;
    while (sent) {
      sent = false;
      for (auto id : open) sent |= relay.send(id) > 0;
    }
    CHECK(world.budget.most_held() <= memory);
    CHECK(heap() - before <= memory + (2 << 20));
    CHECK(!world.running->ended());
    // All of them are stuck, and there is still a way through: one service begins to read.
    auto& visit = *world.visits.back();
    std::size_t through = 0;
    for (int i = 0; i < 1000 && through < 4 << 20; ++i) {
      auto received = unit::finish(world.io, visit.received());
      REQUIRE(received);
      through += received->size();
      visit.passed_on(received->size());
      std::uint32_t id = 0;
      for (auto each : open) id = std::max(id, each);
      (void)id;
      for (auto each : open)
        if (relay.send(each) > 0) break;
      if (unit::start(world.io, visit.received()).returned()) continue;
      break;
    }
    for (auto& each : world.visits) each->reset();
    world.visits.clear();
    world.listen();
    CHECK(world.budget.held() == 0);
  }
}
