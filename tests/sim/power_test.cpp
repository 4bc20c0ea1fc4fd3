// The power is cut at every single write of the store, one run each (promises A5, and "a decision that the
// owner saw confirmed survives power loss").
#include <doctest/doctest.h>

#include "tests/sim/house.hpp"

namespace {

using namespace std::chrono_literals;
using sim::House;
using sim::Task;
using sim::World;

struct Story {
  std::vector<std::string> decisions;  // confirmed, in order
  std::string under_way;               // begun, not confirmed
};

// A short life with every kind of decision. Ends early when the power goes.
Task<void> tell(House* house, Story* story) {
  auto step = [house, story](const char* name, Task<bool> act) -> Task<bool> {
    story->under_way = name;
    bool done = co_await std::move(act);
    if (!house->disk.powered()) co_return false;
    if (done) story->decisions.push_back(name);
    story->under_way.clear();
    co_return true;
  };
  bool go = co_await step("register", house->register_box());
  if (!go) co_return;
  go = co_await step("claim", house->claim("powertest"));
  if (!go) co_return;
  go = co_await step("enable", house->enable());
  if (!go) co_return;
  co_await house->clock.sleep_for(5min);
  go = co_await step("disable", house->disable());
  if (!go) co_return;
  go = co_await step("enable", house->enable());
  if (!go) co_return;
  co_await house->clock.sleep_for(5min);
  go = co_await step("unregister", house->unregister());
  if (!go) co_return;
  co_await house->clock.sleep_for(5min);
}

struct Expected {
  bool on, registered;
};

Expected after(const std::vector<std::string>& decisions) {
  Expected e{false, false};
  for (const auto& decision : decisions) {
    if (decision == "register") e.registered = true;
    if (decision == "enable") e.on = true;
    if (decision == "disable") e.on = false;
    if (decision == "unregister") e.on = e.registered = false;
  }
  return e;
}

// Runs the story with a cut at the n-th write (0: none). Returns how many writes there were.
std::uint64_t run(std::uint64_t n, bool& cut) {
  World world(7000 + n);
  House house(world, "owner", 7);
  if (n > 0) house.disk.cut_at_write(n);
  Story story;
  auto writes_before = house.disk.writes();
  bool started = house.start();
  if (started) world.play(tell(&house, &story));
  auto writes = house.disk.writes() - writes_before;
  cut = !house.disk.powered();
  if (!cut) {
    world.play(house.shut_down());
    CHECK(world.verdict.violations.empty());
    return writes;
  }
  CAPTURE(n);
  CAPTURE(story.under_way);
  world.play(house.power_cut());
  REQUIRE(house.start());

  // What was confirmed is there; what was under way is there whole, or not at all.
  auto with = story.decisions;
  with.push_back(story.under_way);
  auto sure = after(story.decisions), maybe = after(with);
  bool on = house.agent->switches.on("ddns"),
       registered = house.agent->identity.registration.get().has_value();
  CHECK((on == sure.on || on == maybe.on));
  CHECK((registered == sure.registered || registered == maybe.registered));
  for (const auto& order : house.filed) CHECK(house.agent->outbox.find(order).has_value());
  house.reconcile();

  // And it goes on from there: every order is settled, once.
  world.play([](House* h) -> Task<void> { co_await h->clock.sleep_for(std::chrono::hours(30)); }(&house));
  CHECK(house.agent->outbox.open.get().empty());
  std::size_t settled = 0;
  for (const auto& order : house.agent->outbox.all()) settled += order.settled ? 1 : 0;
  auto erasures = world.host.cloud.stats().erasures;
  CHECK(erasures == static_cast<std::int64_t>(settled));
  CHECK(settled <= 2);
  for (const auto& violation : world.verdict.violations) FAIL_CHECK(violation);
  world.play(house.shut_down());
  return writes;
}

}  // namespace

TEST_CASE("A5: power cut at every write of the store") {
  bool cut = false;
  auto writes = run(0, cut);
  REQUIRE_FALSE(cut);
  REQUIRE(writes > 50);
  std::uint64_t cuts = 0;
  for (std::uint64_t n = 1; n <= writes; ++n) {
    run(n, cut);
    cuts += cut ? 1 : 0;
  }
  MESSAGE("power cut at " << cuts << " of " << writes << " writes");
  CHECK(cuts + 3 >= writes);  // key sizes vary by a byte or two, and with them the last pages
}
