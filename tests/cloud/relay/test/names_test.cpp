#include "tests/cloud/relay/names.hpp"

#include <doctest/doctest.h>

namespace refrelay {
namespace {

using std::chrono::seconds;
const Instant now{seconds(1000)};

TEST_CASE("what the cloud said last is known, and that a name is nobody's") {
  Names names;
  CHECK(names.box_of("a.test").empty());
  CHECK(names.learn("a.test", "one", now));
  CHECK(names.box_of("a.test") == "one");
  CHECK(names.learn("a.test", "", now));
  CHECK(names.box_of("a.test").empty());
}

TEST_CASE("when something of a box has changed its names lead nowhere, and nobody else's are touched (L2)") {
  Names names;
  names.learn("a.test", "one", now);
  names.learn("ssh.a.test", "one", now);
  names.learn("b.test", "two", now);
  names.doubt("one", now);
  CHECK(names.box_of("ssh.a.test").empty());
  CHECK(names.box_of("a.test").empty());
  CHECK(names.box_of("b.test") == "two");
}

TEST_CASE("an answer that was asked for before the change is none") {
  Names names;
  names.doubt("one", now);
  CHECK_FALSE(names.learn("a.test", "one", now - seconds(1)));
  CHECK(names.box_of("a.test").empty());
  CHECK(names.learn("b.test", "two", now - seconds(1)));
  CHECK(names.learn("a.test", "one", now + seconds(1)));
  CHECK(names.box_of("a.test") == "one");
}

TEST_CASE("so many names are known, and no more") {
  Names names;
  for (int i = 0; i < 30'000; ++i) names.learn(std::to_string(i), "one", now);
  CHECK(names.size() <= Names::most);
}

}  // namespace
}  // namespace refrelay
