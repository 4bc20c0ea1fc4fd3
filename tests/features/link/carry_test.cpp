// How a visit begins and ends: nothing is lost, and nothing counted that was.
#include <cstring>

#include "tests/features/link/house.hpp"

using namespace qcloud;
using namespace qcloud::link;
using unit::House;

TEST_CASE("link: a visit that both sides have ended stays until the visitor has all of it") {
  House house;
  auto id = house.visit("");
  auto service = house.dial.served[0];
  std::string page(100'000, 'x');
  service->gives = page;
  service->ends = true;
  house.data(id, "", true);
  service->wake();
  auto got = house.world.heard_data(id);
  CHECK(service->gives.empty());
  CHECK(got.size() == 65535);
  CHECK(house.world.heard(frames::rst, id).empty());
  CHECK(house.records.empty());
  house.widen(id, 1 << 20);
  auto rest = house.world.heard(frames::data, id);
  for (const auto& frame : rest) got += frame.payload;
  CHECK(got == page);
  REQUIRE(!rest.empty());
  CHECK((rest.back().flags & frames::end_stream) != 0);
  CHECK(house.world.heard(frames::rst, id).empty());
  REQUIRE(house.records.size() == 1);
  CHECK(house.records[0].bytes_out == page.size());
}

TEST_CASE("link: what waits for a visitor, and never leaves, is not counted as sent") {
  House house;
  auto id = house.visit("");
  house.dial.served[0]->gives = std::string(200'000, 'x');
  house.dial.served[0]->wake();
  CHECK(house.world.heard_data(id).size() == 65535);
  REQUIRE(house.board.there().size() == 1);
  CHECK(house.board.there()[0].bytes_out == 65535);
  house.leave(id);
  REQUIRE(house.records.size() == 1);
  CHECK(house.records[0].bytes_out == 65535);
}

TEST_CASE("link: who comes is said before his own words, also to a service that takes nothing at first") {
  House house;
  house.dial.busy = true;
  auto id = house.visit("told");
  auto& service = *house.dial.served[0];
  CHECK(service.got.empty());
  service.takes = true;  // and nobody has noticed yet
  house.data(id, "PROXY TCP4 9.9.9.9 127.0.0.1 1 81\r\n");
  service.wake();
  house.world.listen();
  CHECK(service.got.starts_with(proxy_header({"", 443, "5.6.7.99", 51820}, "127.0.0.1", 81)));
}

TEST_CASE("link: visitors of whom the relay does not say where they come from keep nobody out") {
  House house;
  for (int i = 0; i < 2 * Doorkeeper::most; ++i) CHECK(house.status(house.visit("admin", "")) == "200");
}

TEST_CASE("link: only a visitor whose bytes wait stands still") {
  unit::SessionWorld world;
  world.greeted();
  auto visit = world.open(1);
  visit->answer(200);
  auto served = std::make_shared<unit::Served>();
  unit::FakeStream service(world.io.get_executor(), served);
  Through through(*visit, service, "");
  auto carrying = unit::start(world.io, through.carry(world.clock));
  served->gives = "an answer";
  served->wake();
  CHECK(through.visitor_stands());
  CHECK(world.heard_data(1) == "an answer");
  CHECK(!through.visitor_stands());
  served->gives = std::string(100'000, 'x');
  const auto began = world.clock.now();
  served->wake();
  CHECK(world.heard_data(1).size() == 65535 - std::strlen("an answer"));
  world.clock.advance(seconds(9));
  CHECK(through.visitor_stands() == began);
  visit->reset();
  unit::settle(world.io);
  CHECK(carrying.returned());
  CHECK(!served->told);  // it is nobody's business any more
}
