// The box's end of the link, against frames that are written by hand.
#include "tests/features/link/session_world.hpp"

using namespace qcloud;
using namespace qcloud::link;
using unit::SessionWorld;

TEST_CASE("L4 link: a CONNECT is a visit, and its bytes pass as they are, both ways") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1, "NAS1.mynas.test:443", frames::field("forwarded", "for=\"5.6.7.99:51820\""));
  CHECK(visit->opening().host == "nas1.mynas.test");
  CHECK(visit->opening().port == 443);
  CHECK(visit->opening().visitor == "5.6.7.99");
  CHECK(visit->opening().visitor_port == 51820);
  world.say(frames::frame(frames::data, 0, 1, "hello"));
  visit->answer(200);
  auto head = world.heard(frames::headers, 1);
  REQUIRE(head.size() == 1);
  CHECK((head[0].flags & frames::end_stream) == 0);
  CHECK(unit::waiting(*visit) == "hello");
  visit->passed_on(5);
  world.write(*visit, "and you");
  CHECK(world.heard_data(1) == "and you");
}

TEST_CASE("link: what is taken at once goes straight on; the rest waits, and all after it") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1), other = world.open(3);
  visit->answer(200);
  other->answer(200);
  std::string taken;
  std::size_t most = 100;
  visit->straight_to([&](const Rows<const char>& bytes) {
    auto before = taken.size();
    for (auto row : bytes) taken.append(row.data(), std::min(row.size(), most - (taken.size() - before)));
    return taken.size() - before;
  });
  auto held = world.budget.held();
  auto data = [](std::uint32_t id, const char* text) { return frames::frame(frames::data, 0, id, text); };
  world.say(data(1, "one ") + data(1, "two ") + data(3, "else") + data(1, "three "));
  CHECK(taken == "one two three ");
  CHECK(visit->received().empty());
  CHECK(unit::waiting(*other) == "else");
  other->passed_on(4);
  CHECK(world.budget.held() == held);
  most = 2;
  world.say(data(1, "fo") + data(1, "ur "));
  CHECK(taken == "one two three fo");
  CHECK(unit::waiting(*visit) == "ur ");
  most = 100;
  world.say(data(1, "five"));
  CHECK(taken == "one two three fo");
  CHECK(unit::waiting(*visit) == "ur five");
  visit->passed_on(7);
  world.say(data(1, " six") + frames::frame(frames::data, frames::end_stream, 1, " end"));
  CHECK(taken == "one two three fo six end");
  CHECK(visit->ended());
  visit->straight_to(nullptr);
}

TEST_CASE("link: half-close both ways, and the visit is over") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  world.say(frames::frame(frames::data, frames::end_stream, 1, "last words"));
  CHECK(unit::waiting(*visit) == "last words");
  visit->passed_on(10);
  CHECK(visit->received().empty());
  CHECK(visit->ended());
  world.write(*visit, "bye");
  CHECK(world.session.visits() == 1);
  visit->finish();
  auto data = world.heard(frames::data, 1);
  REQUIRE(!data.empty());
  CHECK((data.back().flags & frames::end_stream) != 0);
  CHECK(world.session.visits() == 0);
  unit::finish(world.io, visit->delivered());
  CHECK(world.budget.held() == Visit::cost);
}

TEST_CASE("link: what came before a visitor's end in order is still there after the stream is over") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  world.say(frames::frame(frames::data, frames::end_stream, 1, "unread"));
  visit->finish();
  world.listen();
  CHECK(world.session.visits() == 0);
  CHECK(unit::waiting(*visit) == "unread");
  CHECK(visit->ended());
}

TEST_CASE("link: a reset of the visitor wakes whoever waits for either direction") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  auto waiting = unit::start(world.io, visit->stirred().wait());
  CHECK(!waiting.ended());
  world.say(frames::frame(frames::rst, 0, 1, frames::number(8, 4)));
  CHECK(waiting.returned());
  CHECK(visit->gone());
  CHECK(!visit->ended());
  CHECK(visit->room(10).empty());
}

TEST_CASE("link: what the relay tells is answered") {
  SessionWorld world;
  world.greeted();
  using frames::field;
  std::string head = field(":method", "PUT") + field(":scheme", "https") + field(":authority", "relay");
  world.say(frames::frame(frames::headers, frames::end_headers, 1, head + field(":path", "/v1/attachment")) +
            frames::frame(frames::data, frames::end_stream, 1, R"({"seen":"5.6.7.20"})"));
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0] == R"(PUT /v1/attachment {"seen":"5.6.7.20"})");
  CHECK(world.heard(frames::headers, 1).size() == 1);
  world.say(frames::frame(frames::headers, frames::end_headers | frames::end_stream, 3,
                          head + field(":path", "/x")));
  CHECK(world.told.size() == 2);
  CHECK(world.visits.empty());
}

TEST_CASE("link: GOAWAY is told at once, open visits go on, and the end is clean") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  world.say(frames::frame(frames::goaway, 0, 0, frames::number(0, 4) + frames::number(0, 4)));
  CHECK(world.leaving == 1);
  world.write(*visit, "still here");
  CHECK(world.heard_data(1) == "still here");
  CHECK(!world.running->ended());
  world.say(frames::frame(frames::rst, 0, 1, frames::number(8, 4)));
  REQUIRE(world.running->returned());
  CHECK(world.running->value() == SessionEnd::clean);
}

TEST_CASE("link: GOAWAY may name a stream of the relay's own, as Go's does, however it is cut") {
  for (std::uint32_t last : {0u, 1u, 3u, 0x7ffffffeu, 0x7fffffffu}) {
    CAPTURE(last);
    SessionWorld world;
    world.greeted();
    auto visit = world.open(1);
    visit->answer(200);
    auto goodbye =
        frames::frame(frames::goaway, 0, 0, frames::number(last, 4) + frames::number(0, 4) + "why");
    for (char byte : goodbye) world.say({&byte, 1});
    CHECK(world.leaving == 1);
    // What looks like one, within the bytes of a visit, is as it was said.
    world.say(frames::frame(frames::data, 0, 1, goodbye) + goodbye);
    CHECK(unit::waiting(*visit) == goodbye);
    world.write(*visit, "still here");
    CHECK(world.heard_data(1) == "still here");
    world.say(frames::frame(frames::rst, 0, 1, frames::number(8, 4)));
    REQUIRE(world.running->returned());
    CHECK(world.running->value() == SessionEnd::clean);
  }
}

TEST_CASE("link: the end of the connection is clean between visits, and a loss within one") {
  SessionWorld idle;
  idle.greeted();
  idle.stream.end();
  unit::settle(idle.io);
  CHECK(idle.running->value() == SessionEnd::clean);
  SessionWorld busy;
  busy.greeted();
  auto visit = busy.open(1);
  busy.stream.abort();
  unit::settle(busy.io);
  CHECK(busy.running->value() == SessionEnd::lost);
  SessionWorld cut;
  cut.greeted();
  auto there = cut.open(1);
  cut.stream.end();
  unit::settle(cut.io);
  CHECK(cut.running->value() == SessionEnd::lost);
}

TEST_CASE("link: what connections were promised of the memory comes back with their end") {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  Budget budget;
  for (int i = 0; i < 20; ++i) {
    unit::MemoryStream stream(io.get_executor());
    Session session(io.get_executor(), clock, stream, profiles[0], {}, budget, {});
    auto running = unit::start(io, session.run());
    CHECK(budget.free() <= budget.total() - (4 << 20));
    stream.abort();
    unit::settle(io);
    CHECK(running.returned());
  }
  CHECK(budget.free() == budget.total());
}

TEST_CASE("link: as dialer toward HAProxy the box sends the preface, and takes none") {
  SessionWorld world({}, 24 << 20, profiles[1]);
  CHECK(world.stream.from_us.starts_with(frames::preface));
  world.stream.from_us.erase(0, frames::preface.size());
  world.say(frames::frame(frames::settings, 0, 0) + frames::frame(frames::settings, frames::ack, 0));
  auto visit = world.open(1);
  CHECK(visit->opening().host == "nas1.mynas.test");
}

TEST_CASE("link: a drain tells in two steps, lets visits finish, and ends in order") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  world.session.drain();
  auto notice = world.heard(frames::goaway, 0);
  REQUIRE(notice.size() == 1);
  CHECK(frames::value(notice[0].payload, 0, 4) == 0x7fffffff);
  for (const auto& ping : world.heard(frames::ping, 0))
    world.say(frames::frame(frames::ping, frames::ack, 0, ping.payload));
  auto last = world.heard(frames::goaway, 0);
  REQUIRE(last.size() == 1);
  CHECK(frames::value(last[0].payload, 0, 4) == 1);
  world.write(*visit, "still here");
  CHECK(world.heard_data(1) == "still here");
  CHECK(!world.running->ended());
  visit->reset();
  world.listen();
  REQUIRE(world.running->returned());
  CHECK(world.running->value() == SessionEnd::clean);
}

TEST_CASE("link: who comes during a drain is sent elsewhere, and it ends with the last visitor's leave") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  world.session.drain();
  for (const auto& ping : world.heard(frames::ping, 0)) {
    world.say(frames::connect(3, "nas1.mynas.test:443"));  // it has not heard of it yet
    world.say(frames::frame(frames::ping, frames::ack, 0, ping.payload));
  }
  CHECK(world.visits.size() == 1);
  auto refused = world.heard(frames::rst, 3);
  REQUIRE(refused.size() == 1);
  CHECK(frames::value(refused[0].payload, 0, 4) == 7);
  CHECK(world.crowded == 0);
  world.say(frames::frame(frames::rst, 0, 1, frames::number(8, 4)));
  REQUIRE(world.running->returned());
  CHECK(world.running->value() == SessionEnd::clean);
}

TEST_CASE("link: a relay that never greets is left after ten seconds") {
  SessionWorld silent;
  silent.clock.advance(seconds(9));
  CHECK(!silent.running->ended());
  silent.clock.advance(seconds(1));
  REQUIRE(silent.running->returned());
  CHECK(silent.running->value() == SessionEnd::broken);
  SessionWorld polite;
  polite.greeted();
  polite.clock.advance(seconds(11));
  CHECK(!polite.running->ended());
}

TEST_CASE("link: a relay that was silent for long is asked, and left when it does not answer") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  for (int i = 0; i < 3; ++i) {
    // Whatever it says is a sign of life, and nobody asks.
    world.clock.advance(minutes(20) - seconds(1));
    CHECK(world.heard(frames::ping, 0).empty());
    world.say(frames::frame(frames::data, 0, 1, "x"));
  }
  for (int i = 0; i < 3; ++i) {
    world.clock.advance(minutes(20));
    auto asked = world.heard(frames::ping, 0);
    REQUIRE(asked.size() == 1);
    world.clock.advance(seconds(29));
    world.say(frames::frame(frames::ping, frames::ack, 0, asked[0].payload));
  }
  world.clock.advance(minutes(20));
  CHECK(world.heard(frames::ping, 0).size() == 1);
  world.clock.advance(seconds(29));
  CHECK(!world.running->ended());
  world.clock.advance(seconds(1));
  REQUIRE(world.running->returned());
  CHECK(world.running->value() == SessionEnd::mute);
  CHECK(visit->gone());
  CHECK(world.heard(frames::ping, 0).empty());
}
