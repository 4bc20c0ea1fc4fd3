#include "tests/cloud/relay/session.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <utility>

#include "tests/cloud/relay/slots.hpp"
#include "tests/cloud/relay/test/pair.hpp"

using namespace refrelay;
using namespace std::chrono_literals;

TEST_CASE("a box is told of itself, once it is there") {
  Pair pair;
  CHECK(pair.relay->greeted());
  pair.relay->tell(R"({"seen":"5.6.7.20"})");
  pair.talk();
  CHECK(pair.box.streams[1].head ==
        ":method=PUT :scheme=https :authority=relay :path=/v1/attachment "
        "content-type=application/json ");
  CHECK(pair.box.streams[1].body == R"({"seen":"5.6.7.20"})");
}

TEST_CASE("what it is told twice at once is said twice, and news need no words") {
  Pair pair;
  pair.relay->tell("first");
  pair.relay->tell("second");
  pair.relay->nudge();
  pair.talk();
  CHECK(pair.box.streams[1].body == "first");
  CHECK(pair.box.streams[3].body == "second");
  CHECK(pair.box.streams[5].head == ":method=PUT :scheme=https :authority=relay :path=/v1/news ");
  CHECK(pair.box.streams[5].done);
}

TEST_CASE("what a visitor takes at once goes straight on; the rest waits, and all after it") {
  Pair pair;
  auto stream = pair.relay->open("nas1.mynas.test:443", "for=\"5.6.7.99:1\"");
  REQUIRE(stream);
  std::string taken;
  std::size_t most = 100;
  stream->on_bytes = [&](std::span<const std::span<const char>> pieces) {
    auto before = taken.size();
    for (auto piece : pieces)
      taken.append(piece.data(), std::min(piece.size(), most - (taken.size() - before)));
    return taken.size() - before;
  };
  pair.talk();
  pair.box.answer(1, 200);
  pair.box.send(1, "one ");
  pair.box.send(1, "two ");
  pair.talk();
  CHECK(taken == "one two ");
  CHECK(stream->from_box.empty());
  most = 2;
  pair.box.send(1, "three ");
  pair.talk();
  CHECK(taken == "one two th");
  CHECK(stream->from_box == "ree ");
  most = 100;
  pair.box.send(1, "four");
  pair.talk();
  CHECK(taken == "one two th");
  CHECK(stream->from_box == "ree four");
  pair.relay->passed_on(*stream, std::exchange(stream->from_box, {}).size());
  // More than a window: what went straight on is given back.
  const std::string much(Session::first_window * 4, 'x');
  most = much.size();
  taken.clear();
  pair.box.send(1, much);
  pair.talk();
  CHECK(taken == much);
}

TEST_CASE("a visit: CONNECT with the first bytes, both ways, each end closed by itself") {
  Pair pair;
  auto stream = pair.relay->open("nas1.mynas.test:443", "for=\"5.6.7.99:1\"");
  REQUIRE(stream);
  pair.relay->send(*stream, std::string_view("hello"));
  pair.talk();
  auto& seen = pair.box.streams[1];
  CHECK(seen.head == ":method=CONNECT :authority=nas1.mynas.test:443 forwarded=for=\"5.6.7.99:1\" ");
  CHECK(seen.body == "hello");
  CHECK(stream->status == 0);
  pair.box.answer(1, 200);
  pair.box.send(1, "hi");
  pair.talk();
  CHECK(stream->status == 200);
  CHECK(stream->from_box == "hi");
  pair.box.finish(1);
  pair.talk();
  CHECK(stream->box_done);
  CHECK_FALSE(stream->over);
  pair.relay->send(*stream, std::string_view(" again"));
  pair.relay->finish(*stream);
  pair.talk();
  CHECK(seen.body == "hello again");
  CHECK(seen.done);
  CHECK(stream->over);
  CHECK(stream->bytes_to_box == 11);
  CHECK(stream->bytes_from_box == 2);
  CHECK(pair.relay->streams() == 0);
}

TEST_CASE("the last bytes are there when the visitor hears of the end, in order or not") {
  for (bool in_order : {true, false}) {
    Pair pair;
    auto stream = pair.relay->open("a.test:443", "for=x");
    pair.talk();
    pair.box.answer(1, 200);
    pair.talk();
    std::optional<std::string> there;
    stream->on_news = [&] {
      if (!there && (stream->box_done || stream->over)) there = stream->from_box;
    };
    pair.raw(in_order ? frame(0, 1, 1, "last words")
                      : frame(0, 0, 1, "last words") + frame(3, 0, 1, std::string("\0\0\0\x0a", 4)));
    CHECK(there == "last words");
    stream->on_news = nullptr;
  }
}

TEST_CASE("thousands of visits that end in order at the same moment are no flood, and are all answered") {
  Pair pair;
  for (int i = 0; i < 2500; ++i) {
    auto stream = pair.relay->open("a.test:443", "for=x");
    REQUIRE(stream);
    pair.relay->finish(*stream);
    pair.talk();
    pair.box.answer(1 + 2 * i, 200);
    pair.talk();
    REQUIRE(stream->status == 200);
    pair.box.finish(1 + 2 * i);
    pair.talk();
    REQUIRE(stream->box_done);
  }
  CHECK(pair.alive);
  CHECK(pair.relay->streams() == 0);
}

TEST_CASE("a refusal, a reset and a stream that was not looked at are told apart") {
  Pair pair;
  auto refused = pair.relay->open("a.test:443", "for=x"), reset = pair.relay->open("b.test:443", "for=x"),
       unseen = pair.relay->open("c.test:443", "for=x");
  pair.talk();
  pair.box.refuse(1, 403);
  pair.box.reset(3, NGHTTP2_CONNECT_ERROR);
  pair.box.reset(5, NGHTTP2_REFUSED_STREAM);
  pair.talk();
  CHECK(refused->status == 403);
  CHECK((reset->over && !reset->untouched));
  CHECK((unseen->over && unseen->untouched));
}

TEST_CASE("an attachment that is lost gives back the visits that nobody answered") {
  Pair pair;
  auto answered = pair.relay->open("a.test:443", "for=x"), waiting = pair.relay->open("b.test:443", "for=x");
  pair.talk();
  pair.box.answer(1, 200);
  pair.talk();
  bool told = false;
  waiting->on_news = [&] { told = true; };
  pair.relay->end();
  CHECK((answered->over && !answered->untouched));
  CHECK((waiting->over && waiting->untouched && told));
  CHECK_FALSE(pair.relay->open("c.test:443", "for=x"));
  pair.relay->send(*waiting, std::string_view("late"));  // harmless from now on
  pair.relay->finish(*waiting);
  pair.relay->reset(*waiting);
  pair.relay->passed_on(*waiting, 1);
  CHECK(waiting->bytes_to_box == 0);
}

TEST_CASE("a box decides how many visits it takes, and a relay does not queue the rest") {
  Pair pair(2);
  CHECK(pair.relay->open("a.test:443", "for=x"));
  auto second = pair.relay->open("b.test:443", "for=x");
  CHECK_FALSE(pair.relay->open("c.test:443", "for=x"));
  pair.talk();
  pair.relay->reset(*second);
  pair.talk();
  CHECK(pair.relay->open("c.test:443", "for=x"));
  Pair greedy(5000);
  for (std::size_t i = 0; i < Session::most_streams; ++i) REQUIRE(greedy.relay->open("a.test:443", "for=x"));
  CHECK_FALSE(greedy.relay->open("a.test:443", "for=x"));
}

TEST_CASE("before its SETTINGS a box is asked rather than one in doubt, and after one that has said them") {
  Budget budget;
  auto fresh = std::make_shared<Session>("device-1", budget);
  Pair greeted, doubted;
  Slots slots;
  slots.take(doubted.relay);
  slots.take(fresh);
  CHECK(slots.best("device-1") == fresh);
  CHECK(fresh->open("a.test:443", "for=x"));
  Slots others;
  auto idle = std::make_shared<Session>("device-1", budget);
  others.take(greeted.relay);
  others.take(idle);
  greeted.raw(frame(6, 1, 0, std::string(8, 0)));
  CHECK(greeted.relay->open("a.test:443", "for=x"));
  CHECK(others.best("device-1") == greeted.relay);
}

TEST_CASE("a visitor who does not read stops his own stream at its window, and nobody else") {
  Pair pair;
  auto slow = pair.relay->open("a.test:443", "for=x"), quick = pair.relay->open("b.test:443", "for=x");
  pair.talk();
  for (int id : {1, 3}) {
    pair.box.answer(id, 200);
    pair.box.send(id, std::string(1 << 20, 'x'));
  }
  std::size_t got = 0;
  for (pair.talk(); !quick->from_box.empty(); pair.talk()) {
    auto size = std::exchange(quick->from_box, {}).size();
    got += size;
    pair.relay->passed_on(*quick, size);
  }
  CHECK(got == 1 << 20);
  CHECK(slow->from_box.size() == Session::first_window);
  // One who takes, and always leaves something lying, keeps up no better.
  for (int i = 0; i < 2000; ++i) {
    slow->from_box.erase(0, 1000);
    pair.relay->passed_on(*slow, 1000);
    pair.talk();
    REQUIRE(slow->from_box.size() <= Session::first_window);
    if (slow->bytes_from_box == 1 << 20) break;
  }
}

TEST_CASE("the window grows for those who keep up, within one budget, which comes back") {
  Pair pair;
  pair.budget.left = 3 * Session::first_window;  // 64 KiB to 256 KiB, and no more
  auto stream = pair.relay->open("a.test:443", "for=x");
  pair.talk();
  pair.box.answer(1, 200);
  pair.box.send(1, std::string(8 << 20, 'x'));
  std::size_t largest = 0;
  for (pair.talk(); !stream->from_box.empty(); pair.talk()) {
    largest = std::max(largest, stream->from_box.size());
    pair.relay->passed_on(*stream, std::exchange(stream->from_box, {}).size());
  }
  CHECK(largest > 2 * Session::first_window);
  CHECK(largest <= 4 * Session::first_window);
  CHECK(pair.budget.left == 0);
  pair.relay->reset(*stream);
  pair.talk();
  // What is left may still wait for its visitor: it comes back with the last of the stream.
  CHECK(pair.budget.left == 0);
  stream.reset();
  CHECK(pair.budget.left == 3 * Session::first_window);
}

TEST_CASE("toward a box that does not take: the visitor is asked to wait, and is told when there is room") {
  Pair pair;
  auto stream = pair.relay->open("a.test:443", "for=x");
  pair.talk();
  bool room = false;
  stream->on_room = [&] { room = true; };
  pair.relay->send(*stream, std::string(Stream::room_for_box, 'x'));
  CHECK(stream->full());
  pair.talk();
  CHECK(room);
  CHECK_FALSE(stream->full());
  CHECK(pair.box.streams[1].body.size() == Stream::room_for_box);
}

TEST_CASE("leaving: first any stream may come, then none; what runs may finish") {
  Pair pair;
  auto stream = pair.relay->open("a.test:443", "for=x");
  pair.talk();
  pair.relay->leave();
  pair.talk();
  CHECK(pair.box.goodbyes == std::vector<std::int32_t>{0x7ffffffe});
  CHECK_FALSE(pair.relay->usable());
  pair.relay->leave();
  pair.talk();
  CHECK(pair.box.goodbyes == std::vector<std::int32_t>{0x7ffffffe, 0});
  CHECK(pair.alive);
  CHECK_FALSE(pair.relay->done());
  pair.box.answer(1, 200);
  pair.box.send(1, "the rest");
  pair.talk();
  CHECK(stream->from_box == "the rest");
  pair.relay->reset(*stream);
  pair.talk();
  CHECK(pair.relay->done());
}

TEST_CASE("leaving with nothing left to finish still says both words") {
  Pair pair;
  pair.relay->leave();
  pair.talk();
  CHECK_FALSE(pair.relay->done());
  pair.relay->leave();
  // nghttp2's server listens no more; others may.
  std::string last(pair.relay->output().begin(), pair.relay->output().end());
  CHECK(last == frame(7, 0, 0, std::string(8, 0)));
  CHECK(pair.relay->done());
}

TEST_CASE("a box that says goodbye gets no visit any more") {
  Pair pair;
  pair.box.leave();
  pair.talk();
  CHECK_FALSE(pair.relay->usable());
  CHECK(pair.relay->done());
}

TEST_CASE("floods end the attachment: PING, SETTINGS, empty DATA") {
  std::string settings = frame(4, 0, 0, ""), ping = frame(6, 0, 0, "12345678"), empty = frame(0, 0, 1, "");
  for (const auto& flood : {settings, ping, empty}) {
    Pair pair;
    auto stream = pair.relay->open("a.test:443", "for=x");
    pair.talk();
    pair.box.answer(1, 200);
    pair.talk();
    int borne = 0;
    for (; pair.alive && borne < 5000; ++borne) {
      pair.raw(flood);
      if (!pair.alive) break;  // what it says last is looked at below
      pair.relay->output();
      pair.relay->sent(true);
    }
    CHECK(borne > 1000);
    CHECK(borne <= 2001);
    std::string last(pair.relay->output().begin(), pair.relay->output().end());
    pair.box.take(last);
    CHECK(pair.box.reason == NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

TEST_CASE("a box that asks and does not read is not answered without end") {
  Pair pair;
  int borne = 0;
  for (; pair.alive && borne < 5000; ++borne) pair.raw(frame(6, 0, 0, "12345678"));
  CHECK(borne < 200);
}

TEST_CASE("the same frames, as slowly as an honest box sends them, are borne") {
  Pair pair;
  for (int i = 0; i < 5000; ++i) {
    pair.now += 10ms;
    pair.raw(frame(6, 0, 0, "12345678"));
    pair.talk();
  }
  CHECK(pair.alive);
}

TEST_CASE("what a box must not do ends the attachment") {
  std::string push = frame(5, 4, 1, std::string(4, 0)), wild = frame(0, 0, 2, "x"),
              garbage = "HTTP/1.1 400 Bad Request\r\n\r\n",
              huge = std::string("\xff\xff\xff\x00\x00\x00\x00\x00\x01", 9), own = frame(1, 4, 2, "\x88"),
              window = frame(8, 0, 0, std::string("\x7f\xff\xff\xff", 4));
  for (const auto& bytes : {push, wild, garbage, huge, own, window}) {
    Pair pair;
    auto stream = pair.relay->open("a.test:443", "for=x");
    pair.talk();
    pair.raw(bytes);
    std::string said(pair.relay->output().begin(), pair.relay->output().end());
    pair.box.take(said);
    CHECK((!pair.alive || pair.box.reason != 0));
    pair.relay->sent(true);
    CHECK((!pair.alive || (pair.relay->output().empty() && pair.relay->done())));
  }
}

TEST_CASE("endless interim answers end the stream, not more") {
  Pair pair;
  auto stream = pair.relay->open("a.test:443", "for=x"), other = pair.relay->open("b.test:443", "for=x");
  pair.talk();
  for (int i = 0; i < 20; ++i)
    pair.raw(frame(1, 4, 1,
                   "\x08\x03"
                   "103"));
  pair.talk();
  CHECK(stream->over);
  CHECK(stream->status == 0);
  CHECK_FALSE(other->over);
  CHECK(pair.alive);
}

TEST_CASE("a few bytes that stand for many headers end the stream, not more") {
  Pair pair;
  auto stream = pair.relay->open("a.test:443", "for=x"), other = pair.relay->open("b.test:443", "for=x");
  pair.talk();
  // RFC 7541 6.2.1: one entry of 3,000 bytes, then a byte for each repetition.
  std::string bomb = std::string(
                         "\x40\x01"
                         "x\x7f\xb9\x16",
                         6) +
                     std::string(3000, 'y') + std::string(1000, '\xbe');
  pair.raw(frame(1, 4, 1, "\x88" + bomb));
  pair.talk();
  CHECK(stream->over);
  CHECK_FALSE(other->over);
  CHECK(pair.alive);
}
