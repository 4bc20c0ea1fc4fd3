#include <doctest/doctest.h>

#include "platform/fake/fake_platform.hpp"

using namespace qcloud;

TEST_CASE("a fake box is what the test says") {
  FakePlatform fake;
  Platform& box = fake;
  CHECK(box.kind == "fake");
  CHECK(box.initialized);
  CHECK(box.net.state.get() == NetState{});

  fake.set_addresses({"5.6.7.8", "192.168.1.2"});
  const auto& state = box.net.state.get();
  REQUIRE(state.addresses.size() == 2);
  CHECK(to_string(state.addresses[0].address) == "5.6.7.8");
  CHECK(state.addresses[0].value.json() == "5.6.7.8");
  CHECK(state.route4);
  CHECK_FALSE(state.route6);
  fake.set_routes(false, true);
  CHECK_FALSE(state.route4);
  CHECK(state.route6);

  fake.set_addresses({fake_address("2a0b::1", "eth1", true, true)});
  CHECK(box.net.state.get().addresses[0].temporary);

  CHECK(box.disk.awake());
  fake.set_disk_awake(false);
  CHECK_FALSE(box.disk.awake());

  CHECK(box.auth.admin(0, 0));
  CHECK_FALSE(box.auth.admin(1000, 1000));
  fake.set_admins({1000});
  CHECK(box.auth.admin(1000, 1000));

  CHECK(box.system.clock_synchronized());
  CHECK(box.system.web_proxy() == "");
  fake.set_clock_synchronized(false);
  fake.set_web_proxy("http://proxy:3128");
  CHECK_FALSE(box.system.clock_synchronized());
  CHECK(box.system.web_proxy() == "http://proxy:3128");

  auto hardware = box.facts.hardware;
  fake.set_hardware("other");
  fake.set_boot_id("second");
  CHECK(box.facts.hardware != hardware);
  CHECK(box.facts.boot_id == "second");
}
