#include "agent/features/link/policy.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "agent/features/link/switchboard/services.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;
using namespace qcloud::link;

TEST_CASE("link: after a healthy minute the next dial comes within a second") {
  unit::SeededRng rng;
  for (int i = 0; i < 200; ++i) {
    Redial redial;
    for (int n = 0; n < 9; ++n) redial.after(Ending::never_began, Millis(0), rng);
    CHECK(redial.after(Ending::clean, minutes(1), rng) <= seconds(1));
    CHECK(redial.failures() == 0);
  }
}

TEST_CASE("link: a relay that accepts and drops is asked less and less often") {
  unit::SeededRng rng;
  Redial redial;
  Millis longest(0);
  std::int64_t early = 0, late = 0;
  for (int i = 0; i < 400; ++i) {
    auto wait = redial.after(Ending::clean, seconds(1), rng);
    CHECK(wait >= Millis(100));
    CHECK(wait <= seconds(60));
    longest = std::max(longest, wait);
    if (i < 4) early += wait.count();
    if (i >= 300) late += wait.count();
  }
  CHECK(longest > seconds(50));
  CHECK(late / 100 > 10 * (early / 4));
  redial.forgive();
  CHECK(redial.after(Ending::never_began, Millis(0), rng) <= Millis(500));
}

TEST_CASE("link: a source that fails too often waits, others do not") {
  Doorkeeper door;
  Instant now(seconds(1000));
  for (int i = 0; i < Doorkeeper::most; ++i) {
    CHECK(door.admits("5.6.7.99", now, 0));
    // Those who are there may fail as well.
    CHECK(door.admits("5.6.7.99", now, Doorkeeper::most - i - 1));
    CHECK(!door.admits("5.6.7.99", now, Doorkeeper::most - i));
    door.left("5.6.7.99", now, i % 2 ? Millis(300) : seconds(100), 900);
  }
  CHECK(!door.admits("5.6.7.99", now, 0));
  CHECK(door.admits("5.6.7.98", now, 0));
  CHECK(door.admits("5.6.7.99", now + Doorkeeper::span, 0));
  CHECK(!door.admits("5.6.7.99", now + Doorkeeper::span, Doorkeeper::most));
  // Long visits, and such that were served a lot, did not fail.
  for (int i = 0; i < 100; ++i)
    door.left("5.6.7.97", now, minutes(2), 900), door.left("5.6.7.97", now, Millis(90), 90000);
  CHECK(door.admits("5.6.7.97", now, 0));
  for (int i = 0; i < 5000; ++i)
    door.left("9.9." + std::to_string(i / 250) + "." + std::to_string(i % 250), now, Millis(1), 0);
  CHECK(door.admits("5.6.7.99", now, 0));  // memory is bounded: the oldest is forgotten
}

TEST_CASE("link: what the owner is told of it") {
  auto codes = [](bool attached, bool failed, bool named, bool publishes, bool way_out = true) {
    Situation now{attached, way_out, named, publishes, {}};
    if (failed) now.trouble = Error{"net.timeout", Retry::retry_soon, "The relay does not answer.", ""};
    std::string out;
    for (const auto& each : findings(now)) out += each.code + " ";
    return out;
  };
  CHECK(codes(true, false, true, true) == "");
  CHECK(codes(true, true, true, true) == "");  // the other attachment stands
  CHECK(codes(false, false, true, true) == "link_connecting ");
  CHECK(codes(false, true, true, true) == "link_no_relay ");
  CHECK(codes(false, true, true, true, false) == "link_no_network ");
  CHECK(codes(false, false, true, true, false) == "link_no_network ");
  CHECK(codes(true, false, false, false) == "link_no_name link_no_service ");
}

TEST_CASE("link: after ten minutes a source's failures are counted anew, and count as before") {
  Doorkeeper door;
  Instant now(seconds(1000));
  for (int span = 0; span < 3; ++span, now += Doorkeeper::span) {
    for (int i = 0; i < Doorkeeper::most; ++i) {
      CHECK(door.admits("5.6.7.99", now, 0));
      door.left("5.6.7.99", now, Millis(300), 900);
    }
    CHECK(!door.admits("5.6.7.99", now + Doorkeeper::span - Millis(1), 0));
  }
}

TEST_CASE("link: those of whom the relay does not say where they come from are not one source") {
  Doorkeeper door;
  Instant now(seconds(1000));
  for (int i = 0; i < 2 * Doorkeeper::most; ++i) door.left("", now, Millis(300), 900);
  CHECK(door.admits("", now, 0));
}

TEST_CASE("link: only what is published is found, by its own name below the box's") {
  Services services{{"web", "127.0.0.1", 8080}, {"ssh", "127.0.0.1", 22}};
  auto named = [&](std::string_view host) -> std::string {
    auto* found = find_service(services, "nas1.mynas.test", host);
    return found ? found->name : "";
  };
  CHECK(named("nas1.mynas.test") == "web");
  CHECK(named("web.nas1.mynas.test") == "web");
  CHECK(named("ssh.nas1.mynas.test") == "ssh");
  CHECK(named("files.nas1.mynas.test").empty());
  CHECK(named("xnas1.mynas.test").empty());
  CHECK(named(".nas1.mynas.test").empty());
  CHECK(named("a.ssh.nas1.mynas.test").empty());
  CHECK(named("nas2.mynas.test").empty());
  CHECK(find_service(services, "", "ssh.") == nullptr);
  CHECK(find_service({}, "nas1.mynas.test", "nas1.mynas.test") == nullptr);
}

TEST_CASE("link: a service is on this box, has a name and a port") {
  CHECK(check({"web", "127.0.0.1", 80}));
  CHECK(check({"web", "::1", 80}));
  CHECK(!check({"web", "192.168.1.9", 80}));
  CHECK(!check({"web", "127.0.0.1", 0}));
  CHECK(!check({"", "127.0.0.1", 80}));
  CHECK(!check({"a.b", "127.0.0.1", 80}));
  CHECK(!check({"Web", "127.0.0.1", 80}));
}

TEST_CASE("link: the wait is anywhere from 0.1 s to 0.5 s doubled for each failure, 60 s at most") {
  unit::SeededRng rng;
  for (int failures = 0; failures < 12; ++failures) {
    auto cap = std::min<Millis>(seconds(60), Millis(500) * (1 << std::min(failures, 10)));
    Millis least = seconds(99), most(0);
    for (int i = 0; i < 400; ++i) {
      Redial redial;
      for (int n = 0; n < failures; ++n) redial.after(Ending::lost, Millis(4900), rng);
      auto wait = redial.after(i % 2 ? Ending::never_began : Ending::broken, seconds(59), rng);
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    CAPTURE(failures);
    CHECK(least >= Millis(100));
    CHECK(most <= cap);
    CHECK(most >= cap * 9 / 10);  // the whole span is used: boxes do not come back in step
    CHECK(least <= Millis(100) + cap / 10);
  }
}

TEST_CASE("link: a minute of health forgives all, five seconds one, and what never began was no health") {
  unit::SeededRng rng;
  Redial redial;
  for (int i = 0; i < 5; ++i) redial.after(Ending::lost, Millis(4900), rng);
  CHECK(redial.failures() == 5);
  redial.after(Ending::never_began, minutes(5), rng);
  CHECK(redial.failures() == 6);
  redial.after(Ending::lost, seconds(15), rng);
  CHECK(redial.failures() == 4);
  redial.after(Ending::broken, seconds(59), rng);
  CHECK(redial.failures() == 5);
  // A relay that is killed every ten seconds, and refuses twice before it is back, is never far.
  Redial often;
  for (int i = 0; i < 100; ++i) {
    often.after(Ending::lost, seconds(10), rng);
    often.after(Ending::never_began, Millis(0), rng);
    CHECK(often.failures() <= 2);
  }
  redial.after(Ending::lost, seconds(60), rng);
  CHECK(redial.failures() == 0);
  // A flood is answered with a wait also then, however short.
  CHECK(redial.after(Ending::broken, minutes(5), rng) >= Millis(100));
  CHECK(redial.failures() == 1);
}

TEST_CASE("link: an IPv6 household is one source") {
  Doorkeeper door;
  Instant now(seconds(1000));
  for (int i = 0; i < Doorkeeper::most; ++i)
    door.left("2a0b:1:2:3::" + std::to_string(i), now, Millis(300), 900);
  CHECK(!door.admits("2a0b:1:2:3:ffff::1", now, 0));
  CHECK(door.admits("2a0b:1:2:4::1", now, 0));
}

TEST_CASE(
    "link: while memory is scarce those give way who have stood still longest, and no more than have to") {
  using Who = std::vector<std::size_t>;
  std::vector<Standing> all{{"5.6.7.1", seconds(11), 1000},
                            {"5.6.7.2", seconds(14), 1000},
                            {"5.6.7.3", seconds(9), 1000},
                            {"5.6.7.4", seconds(12), 1000}};
  CHECK(who_gives_way(all, 1).size() == 1);
  CHECK(who_gives_way(all, 1500) == Who{1, 3});
  CHECK(who_gives_way(all, 9000) == Who{1, 3, 0});
  CHECK(who_gives_way(all, 0).empty());
  CHECK(who_gives_way({}, 9000).empty());
}

TEST_CASE("link: who is idle is waited for longer, and nobody is who keeps many") {
  using Who = std::vector<std::size_t>;
  std::vector<Standing> all{{"5.6.7.1", seconds(119), 1000, true},
                            {"5.6.7.2", seconds(11), 1000},
                            {"5.6.7.3", seconds(121), 1000, true}};
  CHECK(who_gives_way(all, 9000) == Who{1, 2});
  for (int i = 0; i < 100; ++i) all.push_back({"5.6.7.4", seconds(3), 1000, true});
  // They have had more than twice their time, the others have just had it.
  auto who = who_gives_way(all, 50'000);
  CHECK(who.size() == 50);
  CHECK(*std::min_element(who.begin(), who.end()) > 2);
}

TEST_CASE("link: whoever leaves many lying is waited for less, and who is merely slow stays") {
  std::vector<Standing> all;
  all.reserve(12);
  for (int i = 0; i < 10; ++i) all.push_back({"2a0b:1:2:3::" + std::to_string(i), seconds(3), 1000});
  all.push_back({"2a0b:1:2:4::1", seconds(9), 1000});
  all.push_back({"2a0b:1:2:3::a", Millis(1900), 1000});
  auto who = who_gives_way(all, 100'000);
  CHECK(who.size() == 10);
  CHECK(std::find(who.begin(), who.end(), 10) == who.end());
  all.erase(all.begin(), all.begin() + 7);
  CHECK(who_gives_way(all, 100'000).empty());  // three may stand for 3.3 s
}
