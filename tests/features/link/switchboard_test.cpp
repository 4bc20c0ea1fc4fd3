// From a stream of the relay to a service of the list, and back.
#include "tests/features/link/house.hpp"

using namespace qcloud;
using namespace qcloud::link;
using namespace std::string_view_literals;
using unit::House;

TEST_CASE("L4 link: a visit reaches the service that its name says, and no other") {
  House house;
  auto id = house.visit("");
  CHECK(house.status(id) == "200");
  house.data(id, "\x16\x03\x01 hello");
  CHECK(house.dial.served[0]->got == "\x16\x03\x01 hello");
  house.dial.served[0]->gives = "and you";
  house.dial.served[0]->wake();
  CHECK(house.world.heard_data(id) == "and you");
  house.data(id, "", true);
  CHECK(house.dial.served[0]->finished);
  house.dial.served[0]->ends = true;
  house.dial.served[0]->wake();
  house.world.listen();
  CHECK(house.dial.served[0]->gone);
  REQUIRE(house.records.size() == 1);
  CHECK(house.records[0].outcome == "served");
  CHECK(house.records[0].source == "5.6.7.99");
  CHECK(house.records[0].bytes_out == 7);
  for (auto name : {"files", "a.web", "web.nas2"}) CHECK(house.status(house.visit(name)) == "403");
  CHECK(house.status(house.visit("", "5.6.7.99", "22")) == "403");
  CHECK(house.records.size() == 5);
  CHECK(house.records[4].outcome == "not published");
  CHECK(house.dial.dialed == 1);
  CHECK(house.world.budget.held() == 0);
}

TEST_CASE("link: a service that is down, and one that is slow to answer") {
  House house;
  auto id = house.visit("down");
  CHECK(house.status(id) == "502");
  CHECK(house.world.heard(frames::rst, id).size() == 1);
  CHECK(house.records.at(0).outcome == "service down");
  auto waiting = house.visit("slow");
  auto other = house.visit("");
  CHECK(house.status(other) == "200");
  house.leave(waiting);
  CHECK(house.records.size() == 2);  // he is not waited for
  auto later = house.visit("slow");
  house.dial.answers.notify();
  CHECK(house.status(later) == "200");
  house.data(other, "still here");
  CHECK(house.dial.served[0]->got == "still here");
}

TEST_CASE("link: a visitor who leaves is noticed also while his service takes nothing") {
  House house;
  auto id = house.visit("");
  auto service = house.dial.served[0];
  service->takes = false;
  house.data(id, std::string(16000, 'x'));
  CHECK(house.world.budget.held() > 16000);
  house.leave(id);
  CHECK(service->gone);
  CHECK(house.world.budget.held() == 0);
  CHECK(house.records.size() == 1);
}

TEST_CASE("link: a service that takes nothing for ten minutes is left, one that takes a little is not") {
  House house;
  auto stuck = house.visit(""), moving = house.visit("");
  for (auto& each : house.dial.served) each->takes = false;
  house.data(stuck, "x");
  for (int i = 0; i < 3; ++i) {
    house.data(moving, "x");
    house.world.clock.advance(minutes(4));
    auto& service = *house.dial.served[1];
    service.takes = true;
    service.wake();
    unit::settle(house.world.io);
    service.takes = false;
  }
  CHECK(house.dial.served[0]->gone);
  CHECK(house.world.heard(frames::rst, stuck).size() == 1);
  CHECK(!house.dial.served[1]->gone);
}

TEST_CASE("link: where TLS ends here a handshake has fifteen seconds") {
  House house;
  auto early = house.visit("here");
  house.world.clock.advance(seconds(10));
  auto late = house.visit("here"), through = house.visit("");
  house.world.clock.advance(seconds(4));
  CHECK(house.records.empty());
  house.world.clock.advance(seconds(1));
  house.world.listen();
  CHECK(house.world.heard(frames::rst, early).size() == 1);
  REQUIRE(house.records.size() == 1);
  CHECK(house.records[0].outcome == "no TLS");
  house.world.clock.advance(seconds(10));
  house.world.listen();
  CHECK(house.world.heard(frames::rst, late).size() == 1);
  house.world.clock.advance(minutes(5));
  CHECK(house.world.heard(frames::rst, through).empty());
}

TEST_CASE("link: a service that resets is a visit that resets") {
  House house;
  auto id = house.visit("");
  house.dial.served[0]->resets = true;
  house.dial.served[0]->wake();
  CHECK(house.world.heard(frames::rst, id).size() == 1);
  CHECK(house.records.size() == 1);
}

TEST_CASE("link: a service that asks for it is told who comes, before anything else") {
  House house;
  auto id = house.visit("told");
  house.data(id, "hello");
  auto& got = house.dial.served[0]->got;
  CHECK(got == proxy_header({"", 443, "5.6.7.99", 51820}, "127.0.0.1", 81) + "hello");
}

TEST_CASE("link: who fails too often at an admin page waits; a service that is down is nobody's failure") {
  House house;
  for (int i = 0; i < Doorkeeper::most; ++i) house.leave(house.visit("admin"));
  auto id = house.visit("admin");
  CHECK(house.records.back().outcome == "too many failures");
  CHECK(house.status(id) == "503");
  CHECK(house.status(house.visit("admin", "5.6.7.98")) == "200");
  CHECK(house.status(house.visit("", "5.6.7.99")) == "200");  // where nothing is guarded nobody waits
  house.services[5].port = unit::FakeDial::down;
  for (int i = 0; i < 30; ++i) house.visit("admin", "5.6.7.97");
  CHECK(house.records.back().outcome == "service down");
  house.world.clock.advance(minutes(10));
  house.services[5].port = 82;
  CHECK(house.status(house.visit("admin")) == "200");
}

TEST_CASE("link: who comes to an admin page with many at once has no more tries than one after the other") {
  House house;
  std::vector<std::uint32_t> all;
  all.reserve(50);
  for (int i = 0; i < 50; ++i) all.push_back(house.visit("admin", "2a0b:1:2:3::" + std::to_string(i)));
  int in = 0;
  for (auto id : all) in += house.status(id) == "200" ? 1 : 0;
  CHECK(in == Doorkeeper::most);
  CHECK(house.status(house.visit("admin", "2a0b:1:2:4::1")) == "200");
  // Who is served has not failed.
  house.dial.served[0]->gives = std::string(10'000, 'x');
  house.dial.served[0]->wake();
  house.world.listen();
  CHECK(house.status(house.visit("admin", "2a0b:1:2:3::98")) == "200");
  CHECK(house.status(house.visit("admin", "2a0b:1:2:3::99")) == "503");
  house.world.clock.advance(minutes(2));
  CHECK(house.status(house.visit("admin", "2a0b:1:2:3::99")) == "200");
}

TEST_CASE("L4 link: TLS that ends here: the visitor has it with the box, the service hears it in the clear") {
  House house;
  auto id = house.visit("here");
  REQUIRE(house.status(id) == "200");
  unit::TlsVisitor visitor("here.nas1.mynas.test");
  auto exchange = [&](bool last = false) {
    for (int i = 0; i < 6; ++i) {
      for (auto out = visitor.records(); !out.empty(); out.erase(0, 16000)) {
        house.data(id, out.substr(0, 16000), last && out.size() <= 16000);
        if (out.size() <= 16000) break;
      }
      visitor.take(house.world.heard_data(id));
    }
  };
  exchange();
  REQUIRE(visitor.secured());
  visitor.say("GET / HTTP/1.1\r\n\r\n");
  exchange();
  auto service = house.dial.served[0];
  CHECK(service->got == "GET / HTTP/1.1\r\n\r\n");
  std::string page;
  for (int i = 0; i < 50'000; ++i) page += static_cast<char>('a' + i % 23);
  service->gives = page;
  service->wake();
  exchange();
  CHECK(visitor.heard() == page);
  visitor.say(page);
  exchange();
  CHECK(service->got.size() == 18 + page.size());
  service->ends = true;
  service->wake();
  exchange();
  CHECK(visitor.ended());
  visitor.bye();
  exchange(true);
  CHECK(service->finished);
  house.world.listen();
  CHECK(house.records.size() == 1);
  CHECK(house.world.budget.held() == 0);
}

TEST_CASE(
    "L1 link: bytes that end without the visitor's own word are cut off, and so the service sees them") {
  for (auto forged :
       {""sv, "\x17\x03\x03\x00\x20 half a record"sv, "\x17\x03\x03\x00\x14nobody has sealed it"sv}) {
    House house;
    auto id = house.visit("here");
    unit::TlsVisitor visitor("here.nas1.mynas.test");
    for (int i = 0; i < 6; ++i) {
      house.data(id, visitor.records());
      visitor.take(house.world.heard_data(id));
    }
    REQUIRE(visitor.secured());
    visitor.say("half an upload");
    house.data(id, visitor.records());
    auto service = house.dial.served[0];
    CHECK(service->got == "half an upload");
    house.data(id, forged, true);
    house.world.listen();
    CHECK(service->gone);
    CHECK(!service->finished);
    CHECK(house.records.size() == 1);
  }
}

TEST_CASE("link: at a service with TLS of the box, garbage, silence and a missing certificate end") {
  House house;
  auto garbage = house.visit("here");
  house.data(garbage, std::string("\x16\x03\x01\x00\x05hello", 10));
  CHECK(house.world.heard_data(garbage).size() == 7);  // the alert
  house.world.clock.advance(seconds(5));
  CHECK(!house.world.heard(frames::rst, garbage).empty());
  CHECK(house.records.at(0).outcome == "no TLS");
  CHECK(house.dial.served[0]->got.empty());
  auto plain = house.visit("here");
  house.data(plain, "GET / HTTP/1.1\r\nhost: nas1\r\n\r\n");
  house.world.clock.advance(seconds(5));
  CHECK(house.records.at(1).outcome == "no TLS");
  auto gone = house.visit("here");
  house.leave(gone);
  CHECK(house.records.at(2).outcome == "no TLS");
  house.certified = false;
  house.visit("here");
  CHECK(house.records.at(3).outcome == "no certificate");
  house.certified = true;
  auto rest = house.world.budget.free() - Visit::cost - TlsEnd::cost / 2;
  REQUIRE(house.world.budget.hold(rest));
  house.visit("here");
  house.world.budget.release(rest);
  CHECK(house.world.budget.held() == 0);
}

TEST_CASE("link: a visitor who provokes answers of TLS and takes none is not looked at any more") {
  House house;
  auto id = house.visit("here");
  unit::TlsVisitor visitor("here.nas1.mynas.test");
  std::size_t window = 32 * 1024, said = 0;
  for (int turn = 0; turn < 6; ++turn) {
    auto words = visitor.records();
    window -= words.size();
    if (!words.empty()) house.data(id, words);
    visitor.take(house.world.heard_data(id));
  }
  REQUIRE(visitor.secured());
  // The relay takes no more than HTTP/2's first window, and others hold most of the memory.
  auto& budget = house.world.budget;
  const auto held = budget.free() - 4 * 1024 * 1024;
  REQUIRE(budget.hold(held));
  std::string waits;
  for (int round = 0; round < 100; ++round) {
    if (waits.size() < 16'000) {
      visitor.rekey(600);
      waits += visitor.records();
    }
    window += house.world.heard_window(id);
    auto count = std::min({waits.size(), window, std::size_t{16'000}});
    if (count > 0) house.data(id, waits.substr(0, count));
    waits.erase(0, count);
    window -= count;
    said += count;
  }
  // What he was promised, what was answered, and no more of 1.6 MB.
  CHECK(said > 300'000);
  CHECK(said < 400'000);
  budget.release(held);
}

TEST_CASE("link: answers of TLS that have left are kept no longer, also while others wait") {
  unit::TlsVisitor::Box box;
  auto end = box.ends.make(box.pem);
  unit::TlsVisitor visitor("here.nas1.mynas.test");
  std::string scratch(TlsEnd::record, 0);
  std::size_t answered = 0;
  auto exchange = [&](std::size_t keep) {
    const auto words = visitor.records();
    for (std::span<const char> left(words); !left.empty();)
      REQUIRE(end->open(left, scratch).step != TlsEnd::Step::failed);
    auto pending = end->pending();
    auto count = pending.size() - std::min(keep, pending.size());
    visitor.take({pending.data(), count});
    end->sent(count);
    answered += count;
  };
  for (int turn = 0; turn < 6; ++turn) exchange(0);
  REQUIRE(end->secured());
  std::size_t halfway = 0;
  for (int round = 0; round < 100; ++round) {
    visitor.rekey(60);
    exchange(100);
    if (round == 50) halfway = unit::heap();
  }
  CHECK(answered > 100'000);
  CHECK(unit::heap() < halfway + 10'000);
}

TEST_CASE("L3 link: what is published no more, or leads elsewhere now, is closed to those inside as well") {
  House house;
  auto web = house.visit(""), told = house.visit("told"), here = house.visit("here");
  std::erase_if(house.services, [](const Service& service) { return service.name == "told"; });
  for (auto& service : house.services)
    if (service.name == "here") service.port = 81;
  house.board.review();
  house.world.listen();
  CHECK(house.world.heard(frames::rst, web).empty());
  CHECK(house.world.heard(frames::rst, told).size() == 1);
  CHECK(house.world.heard(frames::rst, here).size() == 1);
}

TEST_CASE("L2 link: a name that does not lead here any more ends the visits that came by it") {
  House house;
  auto web = house.visit(""), told = house.visit("told");
  house.board.review();
  for (auto id : {web, told}) CHECK(house.world.heard(frames::rst, id).empty());
  house.fqdn = "other.mynas.test";
  house.board.review();
  house.world.listen();
  for (auto id : {web, told}) CHECK(house.world.heard(frames::rst, id).size() == 1);
}

TEST_CASE("link: who is there is told of, with the bytes so far, until it is over") {
  House house;
  house.leave(house.visit("told"));
  CHECK(house.board.there().empty());
  auto id = house.visit("", "5.6.7.98");
  house.visit("nobody");
  house.world.clock.advance(seconds(90));
  house.talk(id);
  auto there = house.board.there();
  REQUIRE(there.size() == 1);
  CHECK(there[0].service == "web");
  CHECK(there[0].source == "5.6.7.98");
  CHECK(there[0].stayed == seconds(90));
  CHECK(there[0].bytes_in == 5);
  CHECK(there[0].bytes_out == 5);
  CHECK(there[0].outcome == "still here");
  house.leave(id);
  CHECK(house.board.there().empty());
  CHECK(house.records.back().bytes_in == 5);
  CHECK(house.records.back().outcome == "served");
}

TEST_CASE("link: stopping ends every visit") {
  House house;
  auto id = house.visit(""), tls = house.visit("here"), slow = house.visit("slow");
  unit::finish(house.world.io, house.board.stop());
  for (auto each : {id, tls, slow}) CHECK(house.world.heard(frames::rst, each).size() == 1);
  for (auto& each : house.dial.served) CHECK(each->gone);
  CHECK(house.world.budget.held() == 0);
}

TEST_CASE("link: a visit costs no more memory than is counted for it, also with TLS that ends here") {
  House house;
  constexpr int count = 50;
  for (auto service : {"", "here"}) {
    std::vector<std::uint32_t> ids;
    house.visit(service);  // what is made once
    auto before = unit::heap();
    auto counted = house.world.budget.held();
    for (int i = 0; i < count; ++i) {
      ids.push_back(house.visit(service));
      if (!*service) continue;
      unit::TlsVisitor visitor("here.nas1.mynas.test");
      for (int j = 0; j < 4; ++j) {
        house.data(ids.back(), visitor.records());
        visitor.take(house.world.heard_data(ids.back()));
      }
      REQUIRE(visitor.secured());
    }
    house.world.seen.clear();
    counted = house.world.budget.held() - counted;
    if (auto now = unit::heap(); now > before) {
      MESSAGE("bytes for each: " << (now - before) / count << ", counted: " << counted / count);
      CHECK(now - before <= counted);
    }
  }
}
