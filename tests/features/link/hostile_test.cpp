// A relay that lies or floods: bounded, and the connection is left.
#include "tests/features/link/session_world.hpp"

using namespace qcloud;
using namespace qcloud::link;
using unit::SessionWorld;

namespace {

void broken(SessionWorld& world) {
  unit::settle(world.io);
  REQUIRE(world.running->returned());
  CHECK(world.running->value() == SessionEnd::broken);
}

bool calm(SessionWorld& world) {
  auto frames = world.heard(frames::goaway, 0);
  return !frames.empty() && frames.back().payload.substr(4, 4) == frames::number(0xb, 4);
}

}  // namespace

TEST_CASE("link: garbage in the place of HTTP/2") {
  SessionWorld world;
  world.say("HTTP/1.1 400 Bad Request\r\n\r\n");
  broken(world);
}

TEST_CASE("link: floods end in ENHANCE_YOUR_CALM") {
  SUBCASE("rapid reset") {
    SessionWorld world;
    world.greeted();
    for (std::uint32_t i = 0; i < 200 && !world.running->ended(); ++i)
      world.say(frames::connect(1 + 2 * i, "nas1.mynas.test:443") +
                frames::frame(frames::rst, 0, 1 + 2 * i, frames::number(8, 4)));
    broken(world);
    CHECK(calm(world));
    CHECK(world.visits.size() <= 101);
  }
  SUBCASE("PING") {
    SessionWorld world;
    world.greeted();
    for (int i = 0; i < 200 && !world.running->ended(); ++i) world.say(frames::frame(frames::ping, 0, 0, "12345678"));
    broken(world);
    CHECK(calm(world));
  }
  SUBCASE("SETTINGS") {
    SessionWorld world;
    world.greeted();
    for (int i = 0; i < 50 && !world.running->ended(); ++i) world.say(frames::frame(frames::settings, 0, 0));
    broken(world);
    CHECK(calm(world));
  }
  SUBCASE("empty DATA") {
    SessionWorld world;
    world.greeted();
    auto visit = world.open(1);
    for (int i = 0; i < 200 && !world.running->ended(); ++i) world.say(frames::frame(frames::data, 0, 1));
    broken(world);
  }
  SUBCASE("CONTINUATION without end") {
    SessionWorld world;
    world.greeted();
    world.say(frames::frame(frames::headers, 0, 1, frames::field(":method", "CONNECT")));
    for (int i = 0; i < 100 && !world.running->ended(); ++i)
      world.say(frames::frame(frames::continuation, 0, 1, frames::field("x", std::string(100, 'y'))));
    broken(world);
  }
}

TEST_CASE("link: a slow trickle of the same is no flood") {
  SessionWorld world;
  world.greeted();
  for (int i = 0; i < 300; ++i) {
    world.say(frames::frame(frames::ping, 0, 0, "12345678"));
    world.clock.advance(seconds(1));
  }
  CHECK(!world.running->ended());
}

TEST_CASE("link: a header that is too large, or has too many fields, is no visit") {
  SessionWorld world;
  world.greeted();
  world.say(frames::connect(1, "nas1.mynas.test:443", frames::field("x", std::string(15000, 'y'))));
  CHECK(world.visits.size() <= 1);
  std::string many;
  for (int i = 0; i < 200; ++i) many += frames::field("f" + std::to_string(i), "v");
  world.say(frames::connect(3, "nas1.mynas.test:443", many));
  CHECK(world.visits.size() <= 1);
  CHECK(!world.running->threw());
}

TEST_CASE("link: a window overrun ends the stream or the connection, and nothing is held beyond it") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  for (int i = 0; i < 40 && !world.running->ended(); ++i) world.say(frames::frame(frames::data, 0, 1, std::string(16384, 'x')));
  CHECK(world.budget.held() <= 2 * Limits{}.first_window);
  bool over = world.running->ended() || !world.heard(frames::rst, 1).empty() || !world.heard(frames::goaway, 0).empty();
  CHECK(over);
}

TEST_CASE("link: authorities that are none, or differ from host, are refused") {
  SessionWorld world;
  world.greeted();
  std::uint32_t id = 1;
  for (std::string_view authority : {"", "nas1", "nas1:", "nas1:0", "nas1:99999", "na s:443", "nas1/x:443", "[::1]:443"}) {
    world.say(frames::connect(id, authority));
    id += 2;
  }
  world.say(frames::connect(id, "nas1.mynas.test:443", frames::field("host", "nas2.mynas.test")));
  CHECK(world.visits.empty());
  CHECK(!world.running->ended());
}

TEST_CASE("link: DATA on a stream that was never opened, and frames of the wrong size") {
  SessionWorld unopened;
  unopened.greeted();
  unopened.say(frames::frame(frames::data, 0, 5, "x"));
  broken(unopened);
  SessionWorld odd;
  odd.greeted();
  odd.say(frames::frame(frames::ping, 0, 0, "123"));
  broken(odd);
}

TEST_CASE("link: more streams than were announced are refused, one by one") {
  Limits limits;
  limits.streams = 4;
  SessionWorld world(limits);
  world.greeted();
  for (std::uint32_t i = 0; i < 8; ++i) world.say(frames::connect(1 + 2 * i, "nas1.mynas.test:443"));
  CHECK(world.visits.size() == 4);
}

TEST_CASE("link: a visit outlives its connection without harm") {
  std::shared_ptr<Visit> visit;
  boost::asio::io_context io;
  {
    SessionWorld world;
    world.greeted();
    visit = world.open(1);
    visit->answer(200);
    world.stream.abort();
    unit::settle(world.io);
    CHECK(world.running->ended());
    visit->reset();
    visit->finish();
    visit->answer(200);
    visit = nullptr;
    world.visits.clear();
  }
}
