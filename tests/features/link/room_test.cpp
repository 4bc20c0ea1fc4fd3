// Who gives way to whom while memory, or streams, are scarce.
#include "tests/features/link/house.hpp"

using namespace qcloud;
using namespace qcloud::link;
using unit::House;

TEST_CASE(
    "link: those who never read give way to the next visitor, and only when there is no memory for him") {
  House house;
  auto unread = house.visit("", "5.6.7.1"), reads = house.visit("", "5.6.7.2"),
       quiet = house.visit("", "5.6.7.3");
  house.talk(quiet);
  for (int i = 0; i < 2; ++i) {
    house.dial.served[static_cast<std::size_t>(i)]->gives = std::string(300'000, 'x');
    house.dial.served[static_cast<std::size_t>(i)]->wake();
  }
  house.world.listen();
  auto pass = [&](int span) {
    for (int i = 0; i < span; ++i) {
      house.world.say(frames::frame(frames::window, 0, reads, frames::number(100, 4)));
      house.world.clock.advance(seconds(1));
      unit::settle(house.world.io);
    }
  };
  house.world.say(frames::frame(frames::window, 0, 0, frames::number(1 << 30, 4)));
  pass(60);
  CHECK(house.records.empty());
  auto rest = house.world.budget.free() - 1000;
  REQUIRE(house.world.budget.hold(rest));
  auto refused = house.visit("", "5.6.7.4");
  CHECK(house.world.heard(frames::rst, refused).size() == 1);
  CHECK(house.world.crowded > 0);
  house.board.make_room();
  house.world.listen();
  CHECK(house.world.heard(frames::rst, unread).size() == 1);
  pass(50);  // the quiet one may be so for two minutes
  for (auto id : {reads, quiet}) CHECK(house.world.heard(frames::rst, id).empty());
  REQUIRE(house.records.size() == 1);
  CHECK(house.records[0].outcome == "gave way");
  CHECK(house.records[0].source == "5.6.7.1");
  house.world.budget.release(rest);
}

TEST_CASE(
    "link: while memory is scarce who is idle gives way, the sooner the more of them are of one household") {
  House house;
  std::vector<std::uint32_t> many;
  many.reserve(30);
  for (int i = 0; i < 30; ++i) many.push_back(house.visit("", "2a0b:1:2:3::" + std::to_string(i)));
  auto alone = house.visit("", "5.6.7.1"), talks = house.visit("", "2a0b:1:2:3::ffff");
  for (auto id : many) house.talk(id);
  house.talk(alone);
  auto pass = [&](int span) {
    for (int i = 0; i < span; ++i) {
      house.data(talks, "hello");
      house.world.clock.advance(seconds(1));
      unit::settle(house.world.io);
    }
  };
  pass(60);
  CHECK(house.records.empty());
  auto rest = house.world.budget.free() - 1000;
  REQUIRE(house.world.budget.hold(rest));
  house.board.make_room();
  pass(10);
  for (auto id : many) CHECK(house.world.heard(frames::rst, id).size() == 1);
  CHECK(house.world.heard(frames::rst, alone).empty());
  pass(115);
  CHECK(house.world.heard(frames::rst, alone).size() == 1);
  CHECK(house.world.heard(frames::rst, talks).empty());
  house.world.budget.release(rest);
}

TEST_CASE("link: while memory is scarce strangers who only knocked are waited for ten seconds") {
  House house;
  std::vector<std::uint32_t> knocked;
  knocked.reserve(30);
  for (int i = 0; i < 30; ++i) knocked.push_back(house.visit("", "2a0b:1:2:" + std::to_string(i) + "::1"));
  auto guest = house.visit("", "5.6.7.1");
  house.talk(guest);
  for (auto id : knocked) house.data(id, "a first flight");
  house.dial.served[0]->gives = "an answer";
  house.dial.served[0]->wake();
  house.world.clock.advance(minutes(1));
  CHECK(house.records.empty());
  auto rest = house.world.budget.free() - 1000;
  REQUIRE(house.world.budget.hold(rest));
  house.board.make_room();
  for (int i = 0; i < 11; ++i) house.world.clock.advance(seconds(1));
  house.world.listen();
  for (auto id : knocked) CHECK(house.world.heard(frames::rst, id).size() == 1);
  CHECK(house.world.heard(frames::rst, guest).empty());
  house.world.budget.release(rest);
}

TEST_CASE("link: where streams are what is scarce a few give way, and no more") {
  Limits limits;
  limits.streams = 40;
  House house(limits);
  for (int i = 0; i < 39; ++i) house.visit("", "5.6.7.1");
  house.world.clock.advance(minutes(1));
  CHECK(house.records.empty());
  house.visit("", "5.6.7.2");
  CHECK(house.world.crowded == 1);
  house.board.make_room();
  house.world.listen();
  auto left = house.records.size();
  CHECK(left >= 8);
  CHECK(left <= 20);
  house.world.clock.advance(minutes(1));
  CHECK(house.records.size() == left);
}

TEST_CASE("link: no more visits are led to a service than there are descriptors for, whoever sends them") {
  House house;
  house.dial.places = 10;
  std::vector<std::uint32_t> ids(11);
  for (auto& id : ids) id = house.visit("");
  CHECK(house.dial.dialed == 10);
  for (std::size_t i = 0; i < 10; ++i) CHECK(house.status(ids[i]) == "200");
  // Not looked at: the relay may ask another connection, or again.
  auto cut = house.world.heard(frames::rst, ids.back());
  REQUIRE(cut.size() == 1);
  CHECK(frames::value(cut[0].payload, 0, 4) == NGHTTP2_REFUSED_STREAM);
  CHECK(house.records.back().outcome == "no room");
  house.leave(ids.front());
  CHECK(house.status(house.visit("")) == "200");
}

TEST_CASE(
    "link: without a descriptor for the service there is no room; a service that is down is another matter") {
  House house;
  house.services.push_back({"full", "127.0.0.1", unit::FakeDial::full});
  auto id = house.visit("full");
  auto cut = house.world.heard(frames::rst, id);
  REQUIRE(cut.size() == 1);
  CHECK(frames::value(cut[0].payload, 0, 4) == NGHTTP2_REFUSED_STREAM);
  CHECK(house.records.back().outcome == "no room");
}

TEST_CASE("link: who leaves before the service has answered has left, and nothing was down") {
  House house;
  house.leave(house.visit("slow"));
  CHECK(house.records.back().outcome == "left");
}
