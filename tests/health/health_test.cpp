#include "agent/health/health.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "agent/app/agent.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/virtual_clock.hpp"

using namespace qcloud;

namespace {

std::set<std::string> params_of(std::string_view text) {
  std::set<std::string> found;
  for (size_t at = 0; (at = text.find('{', at)) != std::string_view::npos; ++at) {
    auto end = text.find('}', at);
    REQUIRE(end != std::string_view::npos);
    found.insert(std::string(text.substr(at + 1, end - at - 1)));
  }
  return found;
}
struct World {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  HealthBoard board{clock};
};

}  // namespace

TEST_CASE("health catalog: each code once, with words") {
  std::set<std::string_view> codes;
  for (const auto* entry : whole_catalog()) {
    CAPTURE(std::string(entry->code));
    CHECK(codes.insert(entry->code).second);
    CHECK_FALSE(entry->text.empty());
    CHECK((entry->text.back() == '.' || entry->text.back() == '}' || entry->text.ends_with(")")));
    if (entry->severity == Severity::error && entry->code != std::string_view("feature_failed"))
      CHECK_FALSE(entry->fix.empty());
    CHECK(find_in_catalog(entry->code) == entry);
    for (char c : entry->code) CHECK((std::islower(static_cast<unsigned char>(c)) || c == '_'));
  }
  CHECK(find_in_catalog("nonsense") == nullptr);
  CHECK(find_in_catalog("") == nullptr);
}

TEST_CASE(
    "health catalog: every code that a feature names is there, and every code of a feature's prefix is named "
    "by it") {
  for (const auto* manifest : all_manifests()) {
    std::set<std::string_view> named;
    for (auto code : manifest->health_codes) {
      CAPTURE(std::string(code));
      CHECK(find_in_catalog(code) != nullptr);
      CHECK(named.insert(code).second);
    }
    auto prefix = std::string(manifest->name) + "_";
    for (const auto* entry : whole_catalog())
      if (entry->code.starts_with(prefix)) {
        CAPTURE(std::string(entry->code));
        CHECK(named.contains(entry->code));
      }
  }
}

TEST_CASE_FIXTURE(
    World, "health: every parameter is filled in, in text and fix; one without a value leaves no brace") {
  for (const auto* entry : whole_catalog()) {
    CAPTURE(std::string(entry->code));
    auto params = params_of(entry->text);
    for (auto& more : params_of(entry->fix)) params.insert(more);
    Finding finding{std::string(entry->code), {}};
    for (auto& name : params) {
      CHECK_FALSE(name.empty());
      finding.params[name] = "<" + name + " value>";
    }
    auto shown = to_json({finding, clock.wall()}, "ddns");
    auto text = std::string(shown.at("text").as_string()) + std::string(shown.at("fix").as_string());
    CHECK(text.find_first_of("{}") == std::string::npos);
    for (auto& name : params) CHECK(text.find("<" + name + " value>") != std::string::npos);
    auto bare = to_json({Finding{std::string(entry->code), {}}, clock.wall()}, "ddns");
    CHECK(std::string(bare.at("text").as_string()).find_first_of("{}") == std::string::npos);
  }
}

TEST_CASE_FIXTURE(World, "health: the object that everyone shows") {
  Condition condition{{"ddns_behind_router", {{"public", "5.6.7.8"}, {"local", "192.168.1.5"}}},
                      clock.wall()};
  auto shown = to_json(condition, "ddns");
  CHECK(shown.at("code") == "ddns_behind_router");
  CHECK(shown.at("severity") == "info");
  CHECK(shown.at("text").as_string().find("5.6.7.8") != std::string::npos);
  CHECK(shown.at("fix").as_string().find("192.168.1.5") != std::string::npos);
  CHECK(shown.at("evidence").at("public") == "5.6.7.8");
  CHECK(shown.at("since").as_string() == to_rfc3339(clock.wall()));
  CHECK(shown.at("feature") == "ddns");
  CHECK(shown.size() == 7);
  CHECK(to_json(condition, "").at("feature").is_null());
}

TEST_CASE_FIXTURE(World, "health: a value with braces is shown, not interpreted") {
  auto shown = to_json({{"renewal_failing", {{"reason", "{reason} {x}"}}}, clock.wall()}, "enroll");
  CHECK(shown.at("text").as_string().find("{reason} {x}") != std::string::npos);
}

TEST_CASE_FIXTURE(World, "health board: keeps since when; what is no longer reported is over") {
  auto first = clock.wall();
  board.report("ddns", {{"ddns_no_name", {}}});
  clock.advance(hours(1));
  board.report("ddns", {{"ddns_no_name", {}}, {"ddns_unstable", {{"seen", "x"}}}});
  auto all = board.of("ddns");
  REQUIRE(all.size() == 2);
  for (auto& each : all) CHECK(each.since == (each.finding.code == "ddns_no_name" ? first : clock.wall()));
  auto second = clock.wall();
  clock.advance(hours(1));
  // Other evidence of the same trouble does not begin it anew.
  board.report("ddns", {{"ddns_unstable", {{"seen", "y"}}}});
  all = board.of("ddns");
  REQUIRE(all.size() == 1);
  CHECK(all[0].since == second);
  CHECK(all[0].finding.params.at("seen") == "y");
  board.report("ddns", {});
  CHECK(board.of("ddns").empty());
  board.report("ddns", {{"ddns_no_name", {}}});
  CHECK(board.of("ddns")[0].since == clock.wall());
  CHECK(board.of("nobody").empty());
}

TEST_CASE_FIXTURE(World, "health board: features do not touch each other; the same report wakes nobody") {
  board.report("ddns", {{"ddns_no_name", {}}});
  board.report("enroll", {{"not_registered", {}}});
  board.report("enroll", {});
  CHECK(board.of("ddns").size() == 1);
  Signal signal(io.get_executor());
  auto subscription = board.board.wake(signal);
  clock.advance(minutes(1));
  board.report("ddns", {{"ddns_no_name", {}}});
  auto waiting = unit::start(io, signal.wait());
  CHECK_FALSE(waiting.ended());
  board.report("ddns", {});
  unit::settle(io);
  CHECK(waiting.returned());
}

TEST_CASE("health: severities have names") {
  CHECK(to_string(Severity::info) == "info");
  CHECK(to_string(Severity::warning) == "warning");
  CHECK(to_string(Severity::error) == "error");
}
