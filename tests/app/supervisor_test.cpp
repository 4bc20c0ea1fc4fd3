// Promise A1: a feature runs exactly while it is wanted; when it is not, it is silent.
#include "agent/app/supervisor.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "tests/gate/sample.hpp"
#include "tests/unit/fake_transport.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/seeded_rng.hpp"
#include "tests/unit/state.hpp"
#include "tests/unit/virtual_clock.hpp"

using namespace qcloud;

namespace {

struct FakeSession : Session {
  std::shared_ptr<const TlsIdentity> identity() const override { return nullptr; }
  void observe(const Result<HttpResponse>&, bool) override {}
};

struct World {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  unit::SeededRng rng{1};
  unit::State state;
  Switches switches{state.db(), {&sample::manifest, &sample::forgetful}};
  Ledger ledger{state.db(), clock};
  FakeSession session;
  unit::FakeTransport net;
  GateDeps gate{net, ledger, switches, session, clock, {{"cloud", {"cloud.vendor.test", 443, ""}}}};
  Port one{gate, sample::manifest, [] { return true; }};
  Port two{gate, sample::forgetful, [] { return true; }};
  HealthBoard health{clock};
  Log log{Level::error, [](Level, std::string_view) {}};
  std::vector<std::string> events;
  Fact<bool> want_one{false}, want_two{false}, held_up{false};
  int faults = 0;  // how often `one` still breaks at its start
  bool ends_itself = false;
  Supervisor supervisor{io.get_executor(), clock, rng, health, log};
  bool stopped = false;

  World() {
    net.on_drain = [this](Meter& meter) -> Task<void> {
      events.push_back(&meter == &one ? "silence one" : "silence two");
      co_return;
    };
  }
  ~World() { stop(); }
  void stop() {
    if (stopped) return;
    stopped = true;
    auto stopping = unit::start(io, supervisor.stop());
    for (int i = 0; i < 10 && !stopping.ended(); ++i) clock.advance(seconds(1));
    CHECK(stopping.returned());
  }
  Task<void> feature(std::string name) {
    struct Guard {
      std::vector<std::string>& events;
      std::string name;
      ~Guard() { events.push_back("end " + name); }
    };
    events.push_back("run " + name);
    Guard guard{events, name};
    if (name == "one" && faults > 0) {
      --faults;
      throw std::runtime_error("a bug of one");
    }
    if (ends_itself) co_return;
    co_await clock.sleep_for(hours(24 * 365));
  }
  void start() {
    supervisor.start(
        {{&sample::manifest,
          &one,
          [this] { return want_one.get(); },
          [this] { return feature("one"); },
          {&want_one, &held_up},
          [this] {
            return held_up.get() ? std::vector<Finding>{{"waits_for_erasure", {}}} : std::vector<Finding>{};
          }},
         {&sample::forgetful,
          &two,
          [this] { return want_two.get(); },
          [this] { return feature("two"); },
          {&want_two}}});
    unit::settle(io);
  }
  void want(Fact<bool>& fact, bool on) {
    fact.set(on);
    unit::settle(io);
  }
  int count(const std::string& event) const { return int(std::count(events.begin(), events.end(), event)); }
};

}  // namespace

TEST_CASE_FIXTURE(World, "A1 supervisor: a feature runs while it is wanted, and not before") {
  start();
  clock.advance(hours(1));
  CHECK(count("run one") == 0);
  want(want_one, true);
  CHECK(count("run one") == 1);
  CHECK(count("run two") == 0);
  clock.advance(hours(1));
  CHECK(count("run one") == 1);
}

TEST_CASE_FIXTURE(World, "A1 supervisor: no longer wanted, it is cancelled and then silenced") {
  want_one.set(true);
  start();
  CHECK(events == std::vector<std::string>{"run one"});
  want(want_one, false);
  CHECK(count("end one") == 1);
  REQUIRE(count("silence one") >= 1);
  CHECK(std::find(events.begin(), events.end(), "end one") <
        std::find(events.begin(), events.end(), "silence one"));
  clock.advance(hours(1));
  CHECK(count("run one") == 1);
  want(want_one, true);
  CHECK(count("run one") == 2);
}

TEST_CASE_FIXTURE(World,
                  "supervisor: what broke is started again, less and less often, and the owner is told") {
  faults = 1000000;
  want_one.set(true);
  start();
  CHECK(count("run one") == 1);
  auto shown = health.of("sample");
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].finding.code == "feature_failed");
  clock.advance(minutes(10));
  int first = count("run one");
  CHECK(first >= 3);
  CHECK(first < 60);
  clock.advance(hours(24));
  int day = count("run one") - first;
  CHECK(day >= 3);       // it never gives up
  CHECK(day < 24 * 60);  // and is no storm
}

TEST_CASE_FIXTURE(World, "supervisor: the fault of one is not the fault of another") {
  faults = 3;
  want_one.set(true);
  want_two.set(true);
  start();
  clock.advance(hours(2));
  CHECK(faults == 0);
  CHECK(count("run two") == 1);
  CHECK(count("end two") == 0);
  CHECK(count("run one") == 4);
}

TEST_CASE_FIXTURE(World,
                  "A1 supervisor: switched off while it waits to be started again, it is not started") {
  faults = 1000000;
  want_one.set(true);
  start();
  want(want_one, false);
  auto before = count("run one");
  clock.advance(hours(24));
  CHECK(count("run one") == before);
}

TEST_CASE_FIXTURE(World,
                  "supervisor: a feature that ends by itself is not run again until something changes") {
  ends_itself = true;
  want_one.set(true);
  start();
  clock.advance(hours(1));
  CHECK(count("run one") <= 2);
  auto before = count("run one");
  want(want_one, false);
  want(want_one, true);
  CHECK(count("run one") > before);
}

TEST_CASE_FIXTURE(World, "A1 supervisor: pause() returns when it is silent, and keeps it so until resume()") {
  Signal drained(io.get_executor());
  net.on_drain = [&](Meter&) -> Task<void> {
    co_await drained.wait();
    events.push_back("silence one");
  };
  want_one.set(true);
  start();
  auto pausing = unit::start(io, supervisor.pause("sample"));
  CHECK_FALSE(pausing.ended());
  CHECK(count("end one") == 1);
  drained.notify();
  unit::settle(io);
  for (int i = 0; i < 5 && !pausing.ended(); ++i) {
    drained.notify();
    unit::settle(io);
  }
  REQUIRE(pausing.returned());
  CHECK(count("silence one") >= 1);
  clock.advance(hours(1));
  want(want_one, false);
  want(want_one, true);
  CHECK(count("run one") == 1);
  supervisor.resume("sample");
  unit::settle(io);
  CHECK(count("run one") == 2);
  net.on_drain = nullptr;
}

TEST_CASE_FIXTURE(World, "A1 supervisor: pausing what does not run, twice, or is unknown returns") {
  start();
  auto first = unit::start(io, supervisor.pause("sample"));
  clock.advance(seconds(5));
  CHECK(first.returned());
  auto second = unit::start(io, supervisor.pause("sample"));
  clock.advance(seconds(5));
  CHECK(second.returned());
  auto unknown = unit::start(io, supervisor.pause("nobody"));
  clock.advance(seconds(5));
  CHECK(unknown.ended());
  supervisor.resume("nobody");
}

TEST_CASE_FIXTURE(World, "supervisor: why one that is on does not run is told, until it runs or is off") {
  start();
  auto told = [&] { return health.of("sample"); };
  CHECK(told().empty());
  want(held_up, true);
  REQUIRE(told().size() == 1);
  CHECK(told()[0].finding.code == "waits_for_erasure");
  want(held_up, false);
  CHECK(told().empty());
  want(held_up, true);
  want(want_one, true);
  CHECK(count("run one") == 1);
  CHECK(told().empty());
  want(want_one, false);
  CHECK(told().size() == 1);
}

TEST_CASE_FIXTURE(World, "A1 supervisor: stop ends all in reverse order, silent") {
  want_one.set(true);
  want_two.set(true);
  start();
  events.clear();
  stop();
  CHECK(count("end one") == 1);
  CHECK(count("end two") == 1);
  CHECK(count("silence one") >= 1);
  CHECK(count("silence two") >= 1);
  CHECK(std::find(events.begin(), events.end(), "end two") <
        std::find(events.begin(), events.end(), "end one"));
  want(want_one, false);
  want(want_one, true);
  clock.advance(hours(1));
  CHECK(count("run one") == 0);
}
