// TLS that ends on the box: who may speak it, how long he has, and what it may hold.
#include "tests/features/link/house.hpp"

using namespace qcloud;
using namespace qcloud::link;
using unit::House;

namespace {

// True: both have it. False: one has ended it.
bool shake_hands(TlsEnd& end, unit::TlsVisitor& visitor) {
  std::string scratch(TlsEnd::record, 0);
  for (int turn = 0; turn < 6; ++turn) {
    const auto words = visitor.records();
    for (std::span<const char> left(words); !left.empty();)
      if (end.open(left, scratch).step == TlsEnd::Step::failed) return false;
    visitor.take({end.pending().data(), end.pending().size()});
    end.sent(end.pending().size());
  }
  return visitor.secured() && end.secured();
}

}  // namespace

TEST_CASE("link: TLS that ends here is 1.2 at least") {
  unit::TlsVisitor::Box box;
  for (int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    unit::TlsVisitor visitor("here.nas1.mynas.test", version);
    CHECK(shake_hands(*box.ends.make(box.pem), visitor) == (version >= TLS1_2_VERSION));
  }
}

TEST_CASE("link: a visitor cannot have the handshake made again") {
  unit::TlsVisitor::Box box;
  auto end = box.ends.make(box.pem);
  unit::TlsVisitor visitor("here.nas1.mynas.test", TLS1_2_VERSION);
  REQUIRE(shake_hands(*end, visitor));
  visitor.renegotiate();
  const auto words = visitor.records();
  CHECK(words.size() > 100);
  std::string scratch(TlsEnd::record, 0);
  std::span<const char> left(words);
  end->open(left, scratch);
  CHECK(end->pending().size() < 100);  // no more than a word that it is not done
}

TEST_CASE("link: a certificate that is new is shown to the next visitor") {
  unit::TlsVisitor::Box box, renewed;
  for (const auto& pem : {box.pem, renewed.pem}) {
    unit::TlsVisitor visitor("here.nas1.mynas.test");
    REQUIRE(shake_hands(*box.ends.make(pem), visitor));
    CHECK(pem.ends_with(visitor.certificate()));
  }
}

TEST_CASE("link: of visitors who are gone no session is kept, also when they have no tickets") {
  unit::TlsVisitor::Box box;
  std::size_t halfway = 0;
  for (int i = 0; i < 200; ++i) {
    unit::TlsVisitor visitor("here.nas1.mynas.test", TLS1_2_VERSION, false);
    auto end = box.ends.make(box.pem);
    REQUIRE(shake_hands(*end, visitor));
    end->finish();  // else OpenSSL would forget it anyway
    if (i == 100) halfway = unit::heap();
  }
  CHECK(unit::heap() < halfway + 20'000);
}

TEST_CASE("link: with enough answers of TLS pending, no more of what provokes them is looked at") {
  unit::TlsVisitor::Box box;
  auto end = box.ends.make(box.pem);
  unit::TlsVisitor visitor("here.nas1.mynas.test");
  REQUIRE(shake_hands(*end, visitor));
  visitor.rekey(2000);
  const auto words = visitor.records();
  std::string scratch(TlsEnd::record, 0);
  std::span<const char> left(words);
  CHECK(end->open(left, scratch).step == TlsEnd::Step::hungry);
  CHECK(end->pending().size() >= TlsEnd::enough);
  CHECK(end->pending().size() < TlsEnd::enough + 1024);
  CHECK(left.size() > words.size() / 2);
}

TEST_CASE("link: where TLS ends here a handshake has fifteen seconds, also beside visits that stand") {
  House house;
  auto through = house.visit("");
  house.talk(through);
  house.world.clock.advance(minutes(1));
  auto mute = house.visit("here");
  house.world.clock.advance(seconds(15));
  house.world.listen();
  CHECK(house.world.heard(frames::rst, mute).size() == 1);
  CHECK(house.world.heard(frames::rst, through).empty());
}

TEST_CASE("link: behind TLS of the box a service may speak first, and is left when it takes nothing") {
  House house;
  auto id = house.visit("here");
  auto& service = *house.dial.served[0];
  service.gives = "220 hello";
  service.wake();
  house.world.listen();
  unit::TlsVisitor visitor("here.nas1.mynas.test");
  for (int turn = 0; turn < 6; ++turn) {
    if (auto words = visitor.records(); !words.empty()) house.data(id, words);
    visitor.take(house.world.heard_data(id));
  }
  CHECK(visitor.heard() == "220 hello");
  service.takes = false;
  visitor.say("a little, which waits in the box");
  house.data(id, visitor.records());
  house.world.clock.advance(minutes(9));
  CHECK(!service.gone);
  house.world.clock.advance(minutes(1));
  house.world.listen();
  CHECK(service.gone);
}

TEST_CASE("link: no more is sealed for a visitor than he has room for") {
  House house;
  auto id = house.visit("here");
  unit::TlsVisitor visitor("here.nas1.mynas.test");
  for (int turn = 0; turn < 6; ++turn) {
    if (auto words = visitor.records(); !words.empty()) house.data(id, words);
    visitor.take(house.world.heard_data(id));
  }
  REQUIRE(visitor.secured());
  auto& budget = house.world.budget;
  const auto rest = budget.free() - 2 * 1024 * 1024;  // one visit may hold 16 KiB of it
  REQUIRE(budget.hold(rest));
  auto& service = *house.dial.served[0];
  service.gives = std::string(300'000, 'x');
  service.wake();
  house.world.listen();
  auto taken = 300'000 - service.gives.size();
  CHECK(taken > 65'000);
  CHECK(taken < 65'535 + 16 * 1024);
  budget.release(rest);
}
