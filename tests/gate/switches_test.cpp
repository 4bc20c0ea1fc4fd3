#include "agent/gate/switches.hpp"

#include <doctest/doctest.h>

#include "tests/gate/sample.hpp"
#include "tests/unit/state.hpp"

using namespace qcloud;

namespace {

struct World {
  unit::State state;
  std::unique_ptr<Switches> switches = make();
  WallTime now = from_unix(1795428000);

  std::unique_ptr<Switches> make() {
    return std::make_unique<Switches>(
        state.db(), std::vector<const Manifest*>{&sample::manifest, &sample::forgetful, &sample::switchless});
  }
  void restart() {
    switches.reset();
    state.open();
    switches = make();
    switches->refresh();
  }
};

}  // namespace

TEST_CASE_FIXTURE(World, "A1 switches: what is not on by default is off in a new box") {
  switches->refresh();
  CHECK_FALSE(switches->on("sample"));
  CHECK_FALSE(switches->on("switchless"));
  CHECK_FALSE(switches->on("nobody"));
  CHECK(switches->find("sample") == &sample::manifest);
  CHECK(switches->find("nobody") == nullptr);
  CHECK(switches->manifests().size() == 3);
}

TEST_CASE_FIXTURE(World, "A1 switches: a write is true after refresh(), and after a restart") {
  switches->refresh();
  REQUIRE(switches->write("sample", true, now));
  CHECK_FALSE(switches->on("sample"));
  switches->refresh();
  CHECK(switches->on("sample"));
  CHECK(switches->any_on());
  restart();
  CHECK(switches->on("sample"));
  REQUIRE(switches->write("sample", false, now));
  REQUIRE(switches->write("forgetful", false, now));
  restart();
  CHECK_FALSE(switches->on("sample"));
  CHECK_FALSE(switches->any_on());
}

TEST_CASE_FIXTURE(World, "A1 switches: one that was rolled back stays as it was") {
  REQUIRE(switches->write("sample", true, now));
  auto status = state.db().transaction([&]() -> Status {
    if (auto wrote = switches->write("sample", false, now); !wrote) return wrote;
    return Error{"store.failed", Retry::retry_later, "the second half failed", ""};
  });
  CHECK_FALSE(status);
  switches->refresh();
  CHECK(switches->on("sample"));
}

TEST_CASE_FIXTURE(World,
                  "A5 switches: what the cloud holds is remembered beside the switch, and outlives it") {
  REQUIRE(switches->write("sample", true, now));
  REQUIRE(switches->mark_holds("sample", true, now));
  REQUIRE(switches->write("sample", false, now));
  restart();
  CHECK(switches->holds("sample"));
  CHECK_FALSE(switches->on("sample"));
  REQUIRE(switches->mark_holds("sample", false, now));
  restart();
  CHECK_FALSE(switches->holds("sample"));
  CHECK_FALSE(switches->holds("nobody"));
}

TEST_CASE_FIXTURE(World, "switches: marking before any write does not switch on") {
  REQUIRE(switches->mark_holds("sample", true, now));
  switches->refresh();
  CHECK(switches->holds("sample"));
  CHECK_FALSE(switches->on("sample"));
}

TEST_CASE_FIXTURE(World, "A1 switches: a feature without a switch is never listed as on") {
  (void)switches->write("switchless", true, now);
  switches->refresh();
  CHECK_FALSE(switches->on("switchless"));
  CHECK_FALSE(switches->states.get().contains("switchless"));
  REQUIRE(switches->write("forgetful", false, now));
  switches->refresh();
  CHECK_FALSE(switches->any_on());
}

TEST_CASE_FIXTURE(World, "switches: offline remembers what was on, online asks for it once") {
  REQUIRE(switches->write("sample", true, now));
  REQUIRE(switches->write("forgetful", false, now));
  switches->refresh();
  CHECK(switches->remembered().empty());
  REQUIRE(switches->remember_for_online());
  REQUIRE(switches->write("sample", false, now));
  restart();
  CHECK(switches->remembered() == std::vector<std::string>{"sample"});
  REQUIRE(switches->forget_for_online());
  restart();
  CHECK(switches->remembered().empty());
}

TEST_CASE_FIXTURE(World, "switches: refresh() without a change wakes nobody") {
  switches->refresh();
  auto before = switches->states.get();
  switches->refresh();
  CHECK(switches->states.get() == before);
}

TEST_CASE_FIXTURE(
    World, "A1 switches: off that could not be written is off until it can, or the agent starts again") {
  REQUIRE(switches->write("sample", true, now));
  switches->refresh();
  switches->keep_off("sample");
  CHECK_FALSE(switches->on("sample"));
  CHECK(switches->unwritten("sample"));
  switches->refresh();
  CHECK_FALSE(switches->on("sample"));
  SUBCASE("it can") {
    REQUIRE(switches->write("sample", false, now + seconds(1)));
    switches->refresh();
    CHECK_FALSE(switches->unwritten("sample"));
    restart();
    CHECK_FALSE(switches->on("sample"));
  }
  SUBCASE("on again") {
    REQUIRE(switches->write("sample", true, now + seconds(1)));
    switches->refresh();
    CHECK(switches->on("sample"));
  }
  SUBCASE("on again in the same second") {
    REQUIRE(switches->write("sample", true, now));
    switches->refresh();
    CHECK(switches->on("sample"));
  }
  SUBCASE("its row goes, with the registration") {
    REQUIRE(state.db().run("DELETE FROM switches"));
    switches->refresh();
    CHECK_FALSE(switches->unwritten("sample"));
  }
  SUBCASE("written, and taken back with the rest") {
    auto rolled_back = state.db().transaction([&]() -> Status {
      if (auto on = switches->write("sample", true, now + seconds(1)); !on) return on;
      return Error{"store.full", Retry::retry_later, "no", ""};
    });
    CHECK_FALSE(rolled_back);
    switches->refresh();
    CHECK_FALSE(switches->on("sample"));
    CHECK(switches->unwritten("sample"));
  }
  SUBCASE("the agent starts again") {
    restart();
    CHECK(switches->on("sample"));
  }
}
