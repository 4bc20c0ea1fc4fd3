// Device-years in seconds: `sim_years [--years N] [--houses N] [--seed S]`. Prints what happened; exits 1
// when an invariant was broken. The same seed gives the same run.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <list>

#include "tests/sim/life.hpp"

namespace {

std::uint64_t argument(int argc, char** argv, const char* name, std::uint64_t fallback) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::strcmp(argv[i], name) == 0) return std::strtoull(argv[i + 1], nullptr, 10);
  return fallback;
}

}  // namespace

int main(int argc, char** argv) {
  auto years = argument(argc, argv, "--years", 20);
  auto houses = argument(argc, argv, "--houses", 10);
  auto seed = argument(argc, argv, "--seed", 20261123);
  sim::World world(seed);
  // Every house lives for its share of the years.
  auto end = qcloud::Instant{} + std::chrono::hours(24) * (365 * years / houses + 1);
  std::list<sim::House> all;
  std::size_t living = houses;
  for (std::uint64_t i = 0; i < houses; ++i) {
    auto& house = all.emplace_back(world, "owner" + std::to_string(i), world.rng.word());
    boost::asio::co_spawn(world.io, sim::live(&house, static_cast<int>(i), end),
                          [&living](std::exception_ptr thrown) {
                            if (thrown) std::rethrow_exception(thrown);
                            --living;
                          });
  }
  auto hour = world.time.now();
  while (living > 0 && world.time.now() < end + std::chrono::hours(24 * 60)) {
    hour += std::chrono::hours(1);
    world.time.run_until(hour);
    world.host.cloud.tick();
    world.host.cloud.run_retention();
  }
  const auto& c = world.counters;
  auto lived = static_cast<double>(houses) * static_cast<double>((end - qcloud::Instant{}).count()) /
               (365.0 * 86400e3);
  std::printf("seed %" PRIu64 ": %.1f device-years, %" PRIu64 " requests, %" PRIu64 " heartbeats, %" PRIu64
              " reports, %" PRIu64 " faults (%.2f a device-day), %" PRIu64 " orders, %" PRIu64
              " renewals, %" PRIu64 " reboots, %" PRIu64 " power cuts, %" PRIu64 " dials to relays, %" PRIu64
              " attachments\n",
              seed, lived, c.requests, c.heartbeats, c.reports, c.faults,
              static_cast<double>(c.faults) / (lived * 365), c.orders, c.renewals, c.reboots, c.power_cuts,
              c.dials, c.attachments);
  if (living > 0) world.verdict.fail("life", std::to_string(living) + " houses did not reach the end");
  for (const auto& violation : world.verdict.violations) std::printf("VIOLATED %s\n", violation.c_str());
  std::printf("%s\n", world.verdict.violations.empty() ? "every invariant held: A1 A2 A5 L1 R1 R3 link"
                                                       : "invariants were broken");
  std::fflush(stdout);
  // Houses that are stuck in the middle of something cannot be taken down in order.
  std::_Exit(world.verdict.violations.empty() ? 0 : 1);
}
