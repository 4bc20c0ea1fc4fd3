// How much may come and how much is held: windows, and the memory of the link.
#include "tests/features/link/relay_windows.hpp"

#include <cstring>

using namespace qcloud;
using namespace qcloud::link;
using unit::RelayWindows;
using unit::SessionWorld;

namespace {

constexpr std::size_t memory = 32 * 1024 * 1024;

// The service gives without end; true when the visit takes no more.
std::size_t pour(SessionWorld& world, Visit& visit, std::size_t most) {
  std::size_t sum = 0;
  while (sum < most) {
    auto place = visit.room(64 * 1024);
    for (auto row : place) std::memset(row.data(), 'y', row.size());
    visit.commit(place.bytes());
    if (place.empty()) break;
    sum += place.bytes();
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
  CHECK(relay.of(1) == 32 * 1024);
  visit->passed_on(relay.send(1, 500));
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
      world.say(frames::frame(frames::data, 8, id,
                              std::string(1, 100) + std::string(12000, 'x') + std::string(100, '\0')));
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
    for (int i = 0; i < 80; ++i) visit->passed_on(relay.send(1));
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

TEST_CASE(
    "link: slow services, 64 and 1,000 of them: memory stays in the budget, and another service is reached") {
  for (std::uint32_t count : {64u, 1000u}) {
    CAPTURE(count);
    SessionWorld world({}, memory);
    world.greeted();
    RelayWindows relay(world);
    auto fast = world.open(1);
    fast->answer(200);
    auto before = unit::heap();
    std::vector<std::uint32_t> stuck;
    for (std::uint32_t id = 3; id < 3 + 2 * count; id += 2) {
      auto there = world.visits.size();
      world.say(frames::connect(id, "nas1.mynas.test:443"));
      if (world.visits.size() == there) {  // refused: the relay may try elsewhere
        auto refused = world.heard(frames::rst, id);
        REQUIRE(refused.size() == 1);
        CHECK(frames::value(refused[0].payload, 0, 4) == 7);
        continue;
      }
      world.visits.back()->answer(200);
      stuck.push_back(id);
      world.visits.back()->passed_on(relay.send(id, 500));
      while (relay.send(id) > 0) {
      }
    }
    CHECK(stuck.size() >= (count == 64 ? 64 : 100));
    CHECK(world.budget.most_held() <= memory);
    if (auto now = unit::heap(); now > before) CHECK(now - before <= memory + (2 << 20));
    // Whoever's service reads is served, more slowly perhaps.
    std::size_t through = 0;
    for (int i = 0; i < 2000 && through < 1 << 20; ++i) {
      auto sent = relay.send(1);
      REQUIRE(sent > 0);
      through += sent;
      fast->passed_on(sent);
    }
    CHECK(through >= 1 << 20);
    if (count == 1000) {
      CHECK(last_limit(world) < Limits{}.streams);
      CHECK(last_limit(world) >= stuck.size());
    }
    if (last_limit(world) != Limits{}.streams) world.say(frames::frame(frames::settings, frames::ack, 0));
    for (auto& each : world.visits) each->reset();
    fast.reset();
    world.visits.clear();
    world.listen();
    CHECK(world.budget.held() == 0);
    CHECK(last_limit(world) == Limits{}.streams);
    CHECK(!world.running->ended());
    relay.hear();
    CHECK(relay.of(0) > 3 << 20);
  }
}

TEST_CASE(
    "link: slow visitors, 64 and 1,000 of them: memory stays in the budget, and another visitor is served") {
  for (std::uint32_t count : {64u, 1000u}) {
    CAPTURE(count);
    SessionWorld world({}, memory);
    world.greeted();
    // Nobody takes anything, but for who is given a window of his own.
    world.say(frames::frame(frames::settings, 0, 0, frames::setting(4, 0)) +
              frames::frame(frames::window, 0, 0, frames::number(1 << 30, 4)));
    auto before = unit::heap();
    std::size_t held = 0, let_in = 0;
    for (std::uint32_t id = 1; id < 1 + 2 * count; id += 2) {
      auto there = world.visits.size();
      world.say(frames::connect(id, "nas1.mynas.test:443"));
      if (world.visits.size() == there) continue;
      ++let_in;
      world.visits.back()->answer(200);
      auto took = pour(world, *world.visits.back(), 1 << 20);
      CHECK(took > 0);
      CHECK(took <= Limits{}.out_buffer);
      held += took;
    }
    CHECK(let_in >= (count == 64 ? 64 : 900));
    CHECK(held >= count * 3 * 1024);
    CHECK(world.budget.most_held() <= memory);
    if (auto now = unit::heap(); now > before) CHECK(now - before <= memory + (2 << 20));
    auto id = 1 + 2 * count;
    auto there = world.visits.size();
    world.say(frames::connect(id, "nas1.mynas.test:443"));
    REQUIRE(world.visits.size() == there + 1);
    auto quick = world.visits.back();
    quick->answer(200);
    world.say(frames::frame(frames::window, 0, id, frames::number(1 << 30, 4)));
    CHECK(pour(world, *quick, 1 << 20) >= 1 << 20);
    CHECK(world.heard_data(id).size() >= 1 << 20);
    quick.reset();
    for (auto& each : world.visits) each->reset();
    world.visits.clear();
    world.listen();
    CHECK(world.budget.held() == 0);
  }
}

TEST_CASE("link: whoever waits for room is woken as bytes leave, and nobody else") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  visit->stirred().clear();
  auto waiting = unit::start(world.io, visit->stirred().wait());
  world.write(*visit, "an answer");
  CHECK(world.heard_data(1) == "an answer");
  CHECK(!waiting.ended());
  std::size_t put = 0;
  while (auto more = visit->put(std::string(1000, 'x'))) put += more;
  CHECK(!waiting.ended());
  CHECK(world.heard_data(1).size() == put);
  CHECK(waiting.returned());
}

TEST_CASE("link: who waits for memory goes on when there is some") {
  SessionWorld world({}, 1 << 20);
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  auto all = world.budget.free();
  REQUIRE(world.budget.hold(all));
  visit->stirred().clear();
  CHECK(visit->room(100).empty());
  auto waiting = unit::start(world.io, visit->stirred().wait());
  CHECK(!waiting.ended());
  world.budget.release(all);
  unit::settle(world.io);
  REQUIRE(waiting.returned());
  CHECK(visit->room(100).bytes() == 100);
  visit->commit(0);
}

TEST_CASE("link: the last of the memory is for those who are here, and the relay is told so, at a pace") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  auto limits = [&] {
    int told = 0;
    for (const auto& frame : world.heard(frames::settings, 0)) told += frame.flags & frames::ack ? 0 : 1;
    if (told > 0) world.say(frames::frame(frames::settings, frames::ack, 0));
    return told;
  };
  world.seen.clear();
  world.clock.advance(seconds(2));
  const auto rest = world.budget.free() - world.budget.total() / 64 + 1;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(world.budget.hold(rest));
    world.say(frames::frame(frames::data, 0, 1, "x"));
    CHECK(world.crowded == 1);  // also when nobody comes whom it has no room for
    CHECK(limits() == (i == 0 ? 1 : 0));
    world.budget.release(rest);
    CHECK(limits() == (i == 0 ? 1 : 0));
  }
  world.clock.advance(seconds(2));
  REQUIRE(world.budget.hold(rest));
  world.say(frames::connect(3, "nas1.mynas.test:443"));
  CHECK(world.heard(frames::rst, 3).size() == 1);
  CHECK(world.visits.size() == 1);
  CHECK(limits() == 1);
  world.budget.release(rest);
}

TEST_CASE("link: a connection is promised half of what is free, the rest is for the others") {
  SessionWorld world({}, 1 << 20);
  world.greeted();
  RelayWindows relay(world);
  auto visit = world.open(1);
  visit->answer(200);
  REQUIRE(world.budget.hold(400 * 1024));
  auto least = world.budget.total();
  for (std::size_t sent = 1, sum = 0; sent > 0 && sum < 4 << 20; sum += sent) {
    sent = relay.send(1);
    visit->passed_on(sent);
    if (sum > 512 * 1024) least = std::min(least, world.budget.free());
  }
  CHECK(least >= 150 * 1024);
  world.budget.release(400 * 1024);
}

TEST_CASE("link: a connection that began while memory was scarce has its window when there is some") {
  const std::size_t all = 24 << 20, rest = all - 1536 * 1024;
  SessionWorld world({}, all, profiles[0], rest);
  world.greeted();
  RelayWindows relay(world);
  auto visit = world.open(1);
  visit->answer(200);
  relay.hear();
  CHECK(relay.of(0) <= 1 << 20);
  world.budget.release(rest);
  for (int i = 0; i < 100; ++i) visit->passed_on(relay.send(1));
  relay.hear();
  CHECK(relay.of(0) >= 2 << 20);
}

TEST_CASE("link: visitors who have taken much and then nothing leave something for the next") {
  SessionWorld world({}, memory);
  world.greeted();
  world.say(frames::frame(frames::window, 0, 0, frames::number(1 << 30, 4)));
  for (std::uint32_t id = 1; id < 1 + 2 * 200; id += 2) {
    auto visit = world.open(id);
    visit->answer(200);
    world.say(frames::frame(frames::window, 0, id, frames::number(512 * 1024, 4)));
    pour(world, *visit, 2 << 20);
    world.seen.clear();
  }
  CHECK(world.budget.roomy());
  CHECK(world.crowded == 0);
}

TEST_CASE("link: what a visitor sends to nobody is not kept, also while the relay does not hear that") {
  SessionWorld world;
  world.greeted();
  auto refused = world.open(1), crowded = world.open(3);
  world.stream.slow = true;
  world.stream.give(frames::frame(frames::ping, 0, 0, "12345678"));
  auto data = [&](std::uint32_t id) {
    world.say(frames::frame(frames::data, 0, id, std::string(16000, 'x')));
  };
  data(1), data(3);
  CHECK(world.budget.held() > 32000);
  refused->answer(403);
  crowded->refuse();
  CHECK(world.budget.held() == 2 * Visit::cost);
  data(1), data(3);
  CHECK(world.budget.held() == 2 * Visit::cost);
}

TEST_CASE("link: a path is measured at a pace, however much comes and however quick it answers") {
  SessionWorld world;
  world.greeted();
  RelayWindows relay(world);
  auto visit = world.open(1);
  visit->answer(200);
  world.clock.advance(minutes(1));
  auto measured = [&](int frames, std::size_t bytes, Millis apart) {
    int pings = 0;
    for (int i = 0; i < frames; ++i) {
      visit->passed_on(relay.send(1, bytes));
      for (const auto& ping : world.heard(frames::ping, 0)) {
        world.say(frames::frame(frames::ping, frames::ack, 0, ping.payload));
        ++pings;
      }
      world.clock.advance(apart);
    }
    return pings;
  };
  CHECK(measured(50, 16'000, Millis(0)) == 1);
  CHECK(measured(50, 9'000, Millis(20)) < 10);  // the window is not the bound
}
