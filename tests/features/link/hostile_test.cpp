// A relay that lies or floods: bounded, with a clear ending, and other visitors are unharmed where the lie is
// about one of them.
#include "tests/features/link/session_world.hpp"

using namespace qcloud;
using namespace qcloud::link;
using unit::SessionWorld;
using unit::unharmed;

namespace {

enum Code : std::uint32_t { protocol = 1, flow = 3, refused = 7, size = 6, calm = 0xb };

// What the last GOAWAY gives as its reason; 99: there was none.
std::uint32_t reason(SessionWorld& world) {
  auto frames = world.heard(frames::goaway, 0);
  return frames.empty() ? 99 : frames::value(frames.back().payload, 4, 4);
}

// Says it once, or again and again; the connection must end by it, and say why.
void ends(SessionWorld& world, std::string_view bytes, Code why, int times = 1) {
  for (int i = 0; i < times && !world.running->ended(); ++i) world.say(bytes);
  unit::settle(world.io);
  REQUIRE(world.running->returned());
  CHECK(world.running->value() == SessionEnd::broken);
  CHECK(reason(world) == why);
  CHECK(world.session.visits() == 0);
}

// Only this stream ends, by a reset with this code.
void ends_stream(SessionWorld& world, std::string_view bytes, std::uint32_t stream, Code why) {
  world.say(bytes);
  CHECK(!world.running->ended());
  auto heard = world.heard(frames::rst, stream);
  REQUIRE(heard.size() == 1);
  CHECK(frames::value(heard[0].payload, 0, 4) == why);
}

const std::string opening =
    frames::field(":method", "CONNECT") + frames::field(":authority", "nas1.mynas.test:443");

}  // namespace

TEST_CASE("link: garbage in the place of HTTP/2") {
  for (std::string_view garbage :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\nxxxxxxxxxxxxxxxx",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r"}) {
    SessionWorld world;
    ends(world, garbage, protocol);
  }
}

TEST_CASE("link: floods end in ENHANCE_YOUR_CALM") {
  using namespace frames;
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  SUBCASE("rapid reset") {
    for (std::uint32_t id = 3; id < 3 + 2 * 10'500 && !world.running->ended(); id += 2) {
      world.say(connect(id, "nas1.mynas.test:443") + frame(rst, 0, id, number(8, 4)));
      world.visits.clear();
    }
    ends(world, "", calm);
  }
  SUBCASE("PING") { ends(world, frame(ping, 0, 0, "12345678"), calm, 200); }
  SUBCASE("PING, all at once") {
    std::string all;
    for (int i = 0; i < 20000; ++i) all += frame(ping, 0, 0, "12345678");
    ends(world, all, calm);
    CHECK(world.heard(ping, 0).size() <= 101);
  }
  SUBCASE("SETTINGS") { ends(world, frame(settings, 0, 0), calm, 50); }
  SUBCASE("empty DATA") { ends(world, frame(data, 0, 1), calm, 200); }
  SUBCASE("HEADERS that are no request") {
    for (std::uint32_t id = 3; id < 1000 && !world.running->ended(); id += 2)
      world.say(frame(headers, end_headers, id));
    ends(world, "", calm);
  }
  SUBCASE("headers that are too large") {
    auto large = opening + field("x", std::string(9000, 'y')) + field("z", std::string(9000, 'y'));
    for (std::uint32_t id = 3; id < 1000 && !world.running->ended(); id += 2)
      world.say(frame(headers, 0, id, large.substr(0, 16000)) +
                frame(continuation, end_headers, id, large.substr(16000)));
    ends(world, "", calm);
  }
  SUBCASE("authorities that are none") {
    for (std::uint32_t id = 3; id < 1000 && !world.running->ended(); id += 2) world.say(connect(id, "nas1"));
    ends(world, "", calm);
  }
  SUBCASE("news and news") {
    for (std::uint32_t id = 3; id < 1000 && !world.running->ended(); id += 2)
      world.say(frame(headers, end_headers | end_stream, id,
                      field(":method", "PUT") + field(":scheme", "https") + field(":authority", "relay") +
                          field(":path", "/v1/news")));
    CHECK(world.told.size() <= 101);
    ends(world, "", calm);
  }
  SUBCASE("CONTINUATION without end") {
    world.say(frame(headers, 0, 3, field(":method", "CONNECT")));
    ends(world, frame(continuation, 0, 3, field("x", std::string(100, 'y'))), calm, 100);
  }
  SUBCASE("empty CONTINUATION without end") {
    world.say(frame(headers, 0, 3, field(":method", "CONNECT")));
    ends(world, frame(continuation, 0, 3), calm, 100);
  }
  CHECK(visit->gone());
  CHECK(visit->room(1).empty());
}

// Ended by the kernel (TCP_USER_TIMEOUT), as it is written to; until then what waits for it must not grow.
TEST_CASE("link: a relay that asks and never reads costs little") {
  using namespace frames;
  for (int kind = 0; kind < 3; ++kind) {
    CAPTURE(kind);
    SessionWorld world;
    world.greeted();
    world.stream.slow = true;
    auto before = unit::heap();
    for (std::uint32_t id = 1; id < 100'000; id += 2) {
      if (kind == 0)
        world.stream.give(connect(id, "nas2.mynas.test"));  // not an authority: an answer and a reset
      if (kind == 1) world.stream.give(frame(headers, end_headers, id, "\x82"));  // malformed: a reset
      if (kind == 2) world.stream.give(connect(id, "nas1.mynas.test:443") + frame(rst, 0, id, number(8, 4)));
      if (id % 1000 == 1) world.clock.advance(seconds(11));
      if (id % 100 == 1) unit::settle(world.io);
      world.visits.clear();
    }
    unit::settle(world.io);
    if (auto now = unit::heap(); now > before) CHECK(now - before < 4 << 20);
    CHECK(world.budget.held() < 1 << 20);
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

TEST_CASE("link: what is wrong with one stream ends that stream") {
  using namespace frames;
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  SUBCASE("a header list above 16 KiB, in few frames") {
    auto large = opening + field("x", std::string(9000, 'y')) + field("z", std::string(9000, 'y'));
    ends_stream(world,
                frame(headers, 0, 3, large.substr(0, 16000)) +
                    frame(continuation, end_headers, 3, large.substr(16000)),
                3, static_cast<Code>(2));
    CHECK(world.visits.size() == 1);
  }
  SUBCASE("many fields, small on the wire and large by the count of HTTP/2") {
    // RFC 7541 6.2.1: one entry of 3,000 bytes, then a byte for each repetition.
    std::string bomb = std::string(
                           "\x40\x01"
                           "x\x7f\xb9\x16",
                           6) +
                       std::string(3000, 'y') + std::string(1000, '\xbe');
    ends_stream(world, frame(headers, end_headers, 3, opening + bomb), 3, static_cast<Code>(2));
    CHECK(world.visits.size() == 1);
  }
  SUBCASE("the same behind a request, as a trailer") {
    auto other = world.open(3);
    std::string bomb = std::string(
                           "\x40\x01"
                           "x\x7f\xb9\x16",
                           6) +
                       std::string(3000, 'y') + std::string(1000, '\xbe');
    ends_stream(world, frame(headers, end_headers | end_stream, 3, bomb), 3, static_cast<Code>(2));
    CHECK(other->gone());
  }
  SUBCASE("DATA beyond its window") {
    auto greedy = world.open(3);
    std::size_t frames_sent = 0;
    while (world.heard(rst, 3).empty() && frames_sent < 100) {
      world.say(frame(data, 0, 3, std::string(16384, 'x')));
      ++frames_sent;
      CHECK(world.budget.held() <= 400 * 1024);
    }
    CHECK(frames_sent == 32 / 16 + 1);
    CHECK(!world.running->ended());
  }
  SUBCASE("a WINDOW_UPDATE of nothing, and one too many") {
    auto other = world.open(3);
    other->answer(200);
    ends_stream(world, frame(window, 0, 3, number(0x7fffffff, 4)), 3, flow);
    auto third = world.open(5);
    third->answer(200);
    world.say(frame(window, 0, 5, number(0, 4)));
    CHECK(!world.heard(rst, 5).empty() == !world.running->ended());
    if (world.running->ended()) return;
  }
  SUBCASE("DATA after its end") {
    auto other = world.open(3);
    world.say(frame(data, end_stream, 3, "all"));
    world.say(frame(data, 0, 3, "more"));
    CHECK(!world.heard(rst, 3).empty());
    CHECK(!world.running->ended());
  }
  SUBCASE("a request in the middle of a visit") {
    auto other = world.open(3);
    world.say(connect(3, "nas2.mynas.test:443"));
    CHECK(!world.heard(rst, 3).empty());
    CHECK(!world.running->ended());
  }
  unharmed(world, *visit, 1);
}

TEST_CASE("link: what is wrong with the connection ends it, and the reason is said") {
  using namespace frames;
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  auto connect3 = connect(3, "nas1.mynas.test:443");
  SUBCASE("a WINDOW_UPDATE of the connection that overflows") {
    ends(world, frame(window, 0, 0, number(0x7fffffff, 4)), flow);
  }
  SUBCASE("a WINDOW_UPDATE of nothing") { ends(world, frame(window, 0, 0, number(0, 4)), protocol); }
  SUBCASE("an INITIAL_WINDOW_SIZE that is none") {
    ends(world, frame(settings, 0, 0, setting(4, 0x80000000)), flow);
  }
  SUBCASE("a MAX_FRAME_SIZE that is none") { ends(world, frame(settings, 0, 0, setting(5, 1)), protocol); }
  SUBCASE("an ENABLE_PUSH that is none") { ends(world, frame(settings, 0, 0, setting(2, 7)), protocol); }
  SUBCASE("more settings than there are") {
    std::string many;
    for (int i = 0; i < 100; ++i) many += setting(4, 70000);
    ends(world, frame(settings, 0, 0, many), calm);
  }
  SUBCASE("PUSH_PROMISE") { ends(world, frame(push, end_headers, 1, number(2, 4) + opening), protocol); }
  SUBCASE("an even-numbered stream") { ends(world, connect(4, "nas1.mynas.test:443"), protocol); }
  SUBCASE("an older number than the last") {
    world.say(connect(9, "nas1.mynas.test:443") + frame(rst, 0, 9, number(8, 4)));
    world.say(connect3);
    // A stream that was closed by another's opening (RFC 9113, 5.1.1): refused one way or the other.
    CHECK(world.visits.size() == 2);
    return;
  }
  SUBCASE("HEADERS on stream 0") { ends(world, frame(headers, end_headers, 0, opening), protocol); }
  SUBCASE("DATA on stream 0") { ends(world, frame(data, 0, 0, "x"), protocol); }
  SUBCASE("RST_STREAM on stream 0") { ends(world, frame(rst, 0, 0, number(8, 4)), protocol); }
  SUBCASE("an acknowledgment of SETTINGS that nobody sent") {
    ends(world, frame(settings, ack, 0), protocol);
  }
  SUBCASE("SETTINGS on a stream") { ends(world, frame(settings, 0, 1), protocol); }
  SUBCASE("PING on a stream") { ends(world, frame(ping, 0, 1, "12345678"), protocol); }
  SUBCASE("DATA on a stream that was never opened") { ends(world, frame(data, 0, 5, "x"), protocol); }
  SUBCASE("RST_STREAM of a stream that was never opened") {
    ends(world, frame(rst, 0, 5, number(8, 4)), protocol);
  }
  SUBCASE("a PING of the wrong size") { ends(world, frame(ping, 0, 0, "123"), size); }
  SUBCASE("a SETTINGS of the wrong size") { ends(world, frame(settings, 0, 0, "123"), size); }
  SUBCASE("a frame larger than we take") { ends(world, frame(data, 0, 1, std::string(16385, 'x')), size); }
  SUBCASE("CONTINUATION out of nowhere") {
    ends(world, frame(continuation, end_headers, 1, opening), protocol);
  }
  SUBCASE("another frame within a header block") {
    ends(world, frame(headers, 0, 3, opening) + frame(ping, 0, 0, "12345678"), protocol);
  }
  SUBCASE("headers that cannot be decoded") {
    ends(world, frame(headers, end_headers, 3, "\xff\xff\xff\xff\xff\xff\xff\xff"), static_cast<Code>(9));
  }
}

TEST_CASE("link: a window overrun of the connection ends it, and nothing is held beyond it") {
  SessionWorld world({}, 1 << 20);
  world.greeted();
  std::uint32_t id = 1;
  for (; id < 2000 && !world.running->ended(); id += 2) {
    auto before = world.visits.size();
    world.say(frames::connect(id, "nas1.mynas.test:443"));
    if (world.visits.size() == before) continue;
    for (int i = 0; i < 2; ++i) world.say(frames::frame(frames::data, 0, id, std::string(16384, 'x')));
    CHECK(world.budget.held() <= 1 << 20);
  }
  CHECK(world.budget.most_held() <= 1 << 20);
}

TEST_CASE("link: authorities that are none, or differ from host, are refused, and nothing waits") {
  SessionWorld world;
  world.greeted();
  std::uint32_t id = 1;
  for (std::string_view authority :
       {"", "nas1", "nas1:", "nas1:0", "nas1:99999", "na s:443", "nas1/x:443", "[::1]:443",
        "nas1.mynas.test:443:443", "user@nas1.mynas.test:443", "127.0.0.1:-1"}) {
    world.say(frames::connect(id, authority));
    CHECK(!world.heard(frames::rst, id).empty());
    id += 2;
  }
  world.say(frames::connect(id, "nas1.mynas.test:443", frames::field("host", "nas2.mynas.test")));
  auto head = world.heard(frames::headers, id);
  REQUIRE(head.size() == 1);
  CHECK((head[0].flags & frames::end_stream) != 0);
  CHECK(world.heard(frames::rst, id).size() == 1);  // NO_ERROR: and nothing more is wanted
  // What is spoken over HTTP (RFC 8441) is no visitor's connection.
  world.say(frames::connect(id + 2, "nas1.mynas.test:443",
                            frames::field(":protocol", "websocket") + frames::field(":scheme", "https") +
                                frames::field(":path", "/")));
  CHECK(world.heard(frames::rst, id + 2).size() == 1);
  CHECK(world.visits.empty());
  CHECK(!world.running->ended());
}

TEST_CASE("link: requests that are no visits are few, short, and answered") {
  using frames::field;
  SessionWorld world;
  world.greeted();
  std::string head = field(":method", "PUT") + field(":scheme", "https") + field(":authority", "relay");
  world.say(frames::frame(frames::headers, frames::end_headers, 1,
                          head + field(":path", "/" + std::string(3000, 'x'))));
  CHECK(world.heard(frames::headers, 1).size() == 1);
  auto begin = [&](std::uint32_t id) {
    world.say(
        frames::frame(frames::headers, frames::end_headers, id, head + field(":path", "/v1/attachment")));
  };
  // Taken back: they count no more.
  for (std::uint32_t id = 3; id < 99; id += 2) {
    begin(id);
    CHECK(world.heard(frames::headers, id).empty());
    world.say(frames::frame(frames::rst, 0, id, frames::number(8, 4)));
  }
  // Never finished: the ninth is refused.
  for (std::uint32_t id = 101; id <= 117; id += 2) begin(id);
  CHECK(world.heard(frames::headers, 115).empty());
  CHECK(world.heard(frames::headers, 117).size() == 1);
  for (int i = 0; i < 2; ++i) world.say(frames::frame(frames::data, 0, 101, std::string(16000, ' ')));
  world.say(frames::frame(frames::data, frames::end_stream, 101, "x"));
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].size() <= 4096 + 30);
  CHECK(!world.running->ended());
}

TEST_CASE("link: more streams than were announced end the connection") {
  Limits limits;
  limits.streams = 4;
  SessionWorld world(limits);
  world.greeted();
  for (std::uint32_t i = 0; i < 8; ++i) world.say(frames::connect(1 + 2 * i, "nas1.mynas.test:443"));
  CHECK(world.visits.size() == 4);
  unit::settle(world.io);
  CHECK(world.running->returned());
  SessionWorld early(limits);  // it has not acknowledged the number yet: one by one
  early.say(frames::preface + frames::frame(frames::settings, 0, 0));
  for (std::uint32_t i = 0; i < 8; ++i) early.say(frames::connect(1 + 2 * i, "nas1.mynas.test:443"));
  CHECK(early.visits.size() == 4);
  CHECK(!early.running->ended());
  CHECK(early.heard(frames::rst, 9).size() == 1);
}

TEST_CASE("link: a relay that says goodbye and goes on is heard until it ends") {
  SessionWorld world;
  world.greeted();
  auto first = world.open(1);
  first->answer(200);
  auto goodbye = frames::frame(frames::goaway, 0, 0, frames::number(0, 4) + frames::number(0, 4));
  for (int i = 0; i < 5; ++i) world.say(goodbye);
  CHECK(world.leaving == 1);
  auto second = world.open(3);
  second->answer(200);
  unharmed(world, *first, 1);
  unharmed(world, *second, 3);
}

TEST_CASE("link: a visit outlives its connection without harm") {
  std::shared_ptr<Visit> visit;
  SessionWorld world;
  world.greeted();
  visit = world.open(1);
  visit->answer(200);
  world.say(frames::frame(frames::data, 0, 1, "left behind"));
  world.stream.abort();
  unit::settle(world.io);
  CHECK(world.running->ended());
  visit->reset();
  visit->finish();
  visit->answer(200);
  visit->passed_on(0);
  visit->commit(0);
  CHECK(visit->gone());
  CHECK(visit->received().empty());
  CHECK(world.budget.held() == Visit::cost);
  visit = nullptr;
  world.visits.clear();
  CHECK(world.budget.held() == 0);
}
