// A house that is registered, named and found: where the single faults of a test begin.
#pragma once

#include <doctest/doctest.h>

#include "agent/app/status.hpp"
#include "tests/sim/house.hpp"

namespace sim {

struct Home {
  explicit Home(std::uint64_t seed) : world(seed), house(world, "owner", seed) {
    REQUIRE(house.start());
    world.play([](House* h) -> Task<void> {
      co_await h->register_box();
      co_await h->claim("home");
      co_await h->enable();
      co_await h->clock.sleep_for(1min);
    }(&house));
  }
  ~Home() {
    if (house.running()) world.play(house.shut_down());
    for (const auto& violation : world.verdict.violations) FAIL_CHECK(violation);
  }
  void pass(Millis span) { world.time.run_until(world.time.now() + span); }
  std::string answer() {
    auto at = world.host.dns.zone.find("home.mynas.test");
    return at == world.host.dns.zone.end() || at->second.a.empty() ? "" : at->second.a.front();
  }
  bool shows(const std::string& code) {
    auto status = qcloud::status_of(*house.agent);
    for (const auto& condition : status.at("health").as_array())
      if (condition.at("code").as_string() == code) return true;
    for (const auto& feature : status.at("features").as_array())
      for (const auto& condition : feature.at("health").as_array())
        if (condition.at("code").as_string() == code) return true;
    return false;
  }
  World world;
  House house;
};

}  // namespace sim
