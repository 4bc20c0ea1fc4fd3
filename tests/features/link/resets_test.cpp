// What visitors can do to a connection by leaving it: they are reset, and nobody else is harmed.
#include <nghttp2/nghttp2.h>

#include "tests/features/link/session_world.hpp"

using namespace qcloud;
using namespace qcloud::link;
using unit::SessionWorld;
using unit::unharmed;

TEST_CASE("link: a thousand visitors who leave at the same moment are no flood") {
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  std::string leave;
  for (std::uint32_t id = 3; id < 3 + 2 * 1000; id += 2) {
    world.say(frames::connect(id, "nas1.mynas.test:443"));
    leave += frames::frame(frames::rst, 0, id, frames::number(8, 4));
  }
  world.say(leave);
  world.visits.clear();
  CHECK(world.session.visits() == 1);
  unharmed(world, *visit, 1);
}

TEST_CASE(
    "link: visitors who come and are reset, again and again, end nobody's visit and keep others out "
    "shortly") {
  using namespace frames;
  SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  std::uint32_t id = 3;
  for (int i = 0; i < 4000; ++i, id += 2) {
    world.say(connect(id, "nas1.mynas.test:443") + frame(rst, 0, id, number(8, 4)));
    world.visits.clear();
  }
  CHECK(!world.running->ended());
  unharmed(world, *visit, 1);
  world.say(connect(id, "nas1.mynas.test:443"));
  CHECK(world.visits.empty());
  auto refused = world.heard(rst, id);
  REQUIRE(refused.size() == 1);
  CHECK(value(refused[0].payload, 0, 4) == NGHTTP2_REFUSED_STREAM);
  world.clock.advance(seconds(10));
  auto next = world.open(id + 2);
  next->answer(200);
  unharmed(world, *next, id + 2);
  unharmed(world, *visit, 1);
}
