#include "tests/cloud/relay/slots.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "tests/cloud/relay/test/pair.hpp"

using namespace refrelay;

TEST_CASE("slots: not the one in doubt, and no more than a box may have") {
  Pair one, two, three;
  Slots slots;
  CHECK(slots.best("device-1") == nullptr);
  CHECK(slots.take(one.relay).empty());
  CHECK(slots.take(two.relay) == std::vector<SessionPtr>{one.relay});
  CHECK(one.relay->aside());
  CHECK(slots.best("device-1") == two.relay);
  CHECK(slots.best("device-1", two.relay.get()) == one.relay);  // better than none
  one.raw(frame(8, 0, 0, std::string("\0\0\0\1", 4)));  // may have been on its way before it was asked
  CHECK(one.relay->aside());
  one.raw(frame(6, 1, 0, std::string(8, 0)));
  CHECK_FALSE(one.relay->aside());
  CHECK(slots.best("device-1") == one.relay);  // the oldest
  CHECK(slots.surplus("device-1") == nullptr);
  CHECK(slots.take(three.relay).size() == 2);
  CHECK(slots.surplus("device-1") == one.relay);
  one.relay->leave();
  CHECK(slots.surplus("device-1") == nullptr);
  CHECK(slots.best("device-2") == nullptr);
  for (auto& session : {one.relay, two.relay, three.relay}) slots.free(session);
  CHECK_FALSE(slots.holds("device-1"));
}

TEST_CASE("slots: who says little shares a connection, who carries much has the other to himself") {
  Pair one, two;
  Slots slots;
  for (auto* pair : {&one, &two}) slots.take(pair->relay);
  one.raw(frame(6, 1, 0, std::string(8, 0)));
  auto visit = [](Pair& pair) {
    auto stream = pair.relay->open("a.test:443", "for=x");
    pair.talk();
    pair.box.answer(pair.box.streams.rbegin()->first, 200);
    pair.talk();
    REQUIRE(stream->status == 200);
    return stream;
  };
  auto best = [&] { return slots.best("device-1"); };
  std::vector<std::shared_ptr<Stream>> few;
  for (std::size_t i = 0; i < Slots::together; ++i, few.push_back(visit(one))) CHECK(best() == one.relay);
  CHECK(best() == two.relay);  // there are many
  few.pop_back();
  one.box.reset(one.box.streams.rbegin()->first, NGHTTP2_CANCEL);
  one.talk();
  CHECK(best() == one.relay);

  SUBCASE("to the box") {
    one.relay->send(*few.front(), std::string(Session::first_window, 'x'));
    CHECK(best() == one.relay);
    one.relay->send(*few.front(), "x");
  }
  SUBCASE("from the box") {
    const auto id = one.box.streams.begin()->first;
    one.box.send(id, std::string(Session::first_window, 'x'));
    one.talk();
    CHECK(best() == one.relay);
    one.relay->passed_on(*few.front(), std::exchange(few.front()->from_box, {}).size());
    one.box.send(id, "x");
    one.talk();
  }
  CHECK(one.relay->large_streams() == 1);
  CHECK(best() == two.relay);
  auto other = visit(two);
  CHECK(best() == two.relay);
  two.relay->send(*other, std::string(2 * Session::first_window, 'x'));
  CHECK(best() == one.relay);  // each has one
  one.box.reset(one.box.streams.begin()->first, NGHTTP2_CANCEL);
  one.talk();
  CHECK(one.relay->large_streams() == 0);
  CHECK(best() == one.relay);
}

TEST_CASE("slots: those that only finish something are bounded too") {
  Pair pairs[7];
  Slots slots;
  for (auto& pair : pairs) {
    slots.take(pair.relay);
    pair.relay->leave();
  }
  CHECK(slots.surplus("device-1") == pairs[0].relay);
}
