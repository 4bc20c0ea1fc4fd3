#include "tests/cloud/relay/slots.hpp"

#include <doctest/doctest.h>

#include "tests/cloud/relay/test/pair.hpp"

using namespace refrelay;

TEST_CASE("slots: the idlest, not the one in doubt, and no more than a box may have") {
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
  two.relay->open("a.test:443", "for=x");
  CHECK(slots.best("device-1") == one.relay);
  CHECK(slots.surplus("device-1") == nullptr);
  CHECK(slots.take(three.relay).size() == 2);
  CHECK(slots.surplus("device-1") == one.relay);
  one.relay->leave();
  CHECK(slots.surplus("device-1") == nullptr);
  CHECK(slots.best("device-2") == nullptr);
  for (auto& session : {one.relay, two.relay, three.relay}) slots.free(session);
  CHECK_FALSE(slots.holds("device-1"));
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
