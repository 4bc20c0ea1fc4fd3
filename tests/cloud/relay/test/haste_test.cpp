#include "tests/cloud/relay/haste.hpp"

#include <doctest/doctest.h>

using namespace refrelay;
using std::chrono::seconds;

TEST_CASE("who leaves by a reset again and again waits, and nobody else; after a while he need not") {
  Haste haste;
  Instant now{seconds(1000)};
  for (int i = 0; i < Haste::most; ++i) {
    CHECK_FALSE(haste.waits("a", now));
    haste.left("a", now);
  }
  CHECK(haste.waits("a", now));
  CHECK_FALSE(haste.waits("b", now));
  now += seconds(1);
  CHECK_FALSE(haste.waits("a", now));
  for (int i = 0; i < 2048; ++i) haste.left("a", now);  // those who were there already
  CHECK(haste.waits("a", now + seconds(19)));
  CHECK_FALSE(haste.waits("a", now + seconds(21)));
}

TEST_CASE("a thousand who leave a page at once, and half a hundred a second, are no haste") {
  Haste haste;
  Instant now{seconds(1000)};
  for (int second = 0; second < 600; ++second, now += seconds(1))
    for (int i = 0; i < 50; ++i) {
      CHECK_FALSE(haste.waits("a", now));
      haste.left("a", now);
    }
}

TEST_CASE("so many sources are remembered, and no more") {
  Haste haste;
  Instant now{seconds(1000)};
  for (int i = 0; i < 30'000; ++i) {
    haste.left(std::to_string(i), now);
    REQUIRE(haste.sources() <= Haste::most_sources);
  }
  for (int i = 0; i < Haste::most; ++i) haste.left("a", now);
  CHECK(haste.waits("a", now));
}
