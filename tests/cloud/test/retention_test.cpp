#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/cloud/test/world.hpp"

using namespace refcloud;
using namespace refcloud::test;

TEST_CASE("K1 K2: access log: kept for a while, never longer than six months, without device or account") {
  World world;
  Nas nas(world);
  nas.address = "5.6.7.77";
  nas.enroll();
  const auto logged = [&] {
    const auto rows = world.cloud.rows_of("5.6.7.77");
    return rows.count("access_log") ? rows.at("access_log") : 0;
  };
  CHECK(logged() > 0);
  CHECK(world.cloud.rows_of(nas.device_id).count("access_log") == 0);
  CHECK(world.cloud.rows_of("alice").count("access_log") == 0);
  world.clock.advance(world.cloud.settings().log_lifetime - 1);
  world.cloud.run_retention();
  CHECK(logged() > 0);
  world.clock.advance(1);
  world.cloud.run_retention();
  CHECK(logged() == 0);
  CHECK(world.cloud.settings().log_lifetime <= 180 * day);
}

TEST_CASE("a path that somebody typed is not logged") {
  World world;
  world.get("/my-secret");
  world.get("/login?next=my-secret");
  CHECK(world.cloud.rows_of("my-secret").empty());
}

TEST_CASE("codes, tokens, sessions, attempts and backups end") {
  World world;
  const auto started = device_auth(world);
  world.cloud.approve(text(started.at("user_code")), "alice");
  poll(world, started);
  device_auth(world);
  world.form("/login", "login=alice&password=secret");
  world.form("/login", "login=alice&password=wrong");
  CHECK(world.cloud.rows_of("TS-453").size() == 2);
  world.clock.advance(13 * hour);
  world.cloud.run_retention();
  CHECK(world.cloud.rows_of("TS-453").empty());
  CHECK(world.cloud.rows_of("alice") == std::map<std::string, int>{{"accounts", 1}});

  Nas nas(world);
  nas.enroll();
  const auto id = "33333333-3333-4333-8333-333333333333";
  REQUIRE(nas.erase(id, "registration").status == 201);
  CHECK(world.cloud.rows_of(id).count("backups") == 1);
  world.clock.advance(180 * day);
  world.cloud.run_retention();
  CHECK(world.cloud.rows_of(id).empty());
}

TEST_CASE("a registration that the box never took ends with its first certificate") {
  World world;
  const auto started = device_auth(world);
  REQUIRE(world.cloud.approve(text(started.at("user_code")), "alice"));
  Nas cut_off(world), kept(world);
  REQUIRE(cut_off.simpleenroll(text(body_of(poll(world, started)).at("access_token"))).status == 200);
  kept.enroll();
  CHECK(world.cloud.devices_of("alice").size() == 2);
  world.clock.advance(7 * day - 1);
  world.cloud.run_retention();
  CHECK(world.cloud.devices_of("alice").size() == 2);
  world.clock.advance(1);
  world.cloud.run_retention();
  CHECK(world.cloud.devices_of("alice") == std::vector{kept.device_id});
  // A renewal that waits to be presented is something else.
  const auto fresh = generate_p256();
  REQUIRE(kept.reenroll(fresh.get()).status == 200);
  world.clock.advance(100 * day);
  world.cloud.run_retention();
  CHECK(world.cloud.devices_of("alice") == std::vector{kept.device_id});
  CHECK(problem_of(cut_off.call("GET", "/v1/device")) == "device-removed");
}

TEST_CASE("the state survives a restart") {
  const auto path = std::string("/tmp/refcloud-test-") + std::to_string(::getpid()) + ".db";
  ManualClock clock;
  SeededRng rng(1);
  MemoryDns dns;
  {
    Cloud cloud(clock, rng, Store(path), Keys::generate(clock.now(), rng), dns, World::cheap());
    CHECK(cloud.add_account("alice", "secret"));
    CHECK_FALSE(cloud.add_account("alice", "other"));
    CHECK_FALSE(cloud.add_account("a", "secret"));
    CHECK_FALSE(cloud.add_account("bob", ""));
  }
  Cloud cloud(clock, rng, Store(path), Keys::generate(clock.now(), rng), dns, World::cheap());
  CHECK(cloud.stats().accounts == 1);
  for (const auto* const tail : {"", "-wal", "-shm"}) std::remove((path + tail).c_str());
}
