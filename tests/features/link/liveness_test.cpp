#include <doctest/doctest.h>

#include "agent/core/bucket.hpp"
#include "agent/features/link/policy.hpp"
#include "agent/features/link/wire.hpp"

using namespace qcloud;
using namespace qcloud::link;
using Role = Liveness::Role;

TEST_CASE(
    "liveness: an end with the first probe quarters the spare's span, two in a row halve the watcher's") {
  Liveness liveness;
  CHECK(liveness.idle(Role::watch) == seconds(25));
  CHECK(liveness.idle(Role::spare) == seconds(200));
  CHECK(liveness.lost(Role::spare, seconds(207)));
  CHECK(liveness.idle(Role::spare) == seconds(50));
  CHECK(liveness.idle(Role::watch) == seconds(25));
  CHECK_FALSE(liveness.lost(Role::watch, seconds(26)));
  CHECK(liveness.lost(Role::watch, seconds(32)));
  CHECK(liveness.idle(Role::watch) == Millis(12500));
}

TEST_CASE("liveness: what says nothing of idle connections changes nothing") {
  Liveness liveness;
  for (int i = 0; i < 10; ++i)
    CHECK_FALSE(liveness.lost(Role::spare, seconds(100)));  // sooner than any probe
  for (int i = 0; i < 10; ++i)
    CHECK_FALSE(liveness.lost(Role::spare, seconds(1000)));  // probes were answered before
  CHECK_FALSE(liveness.lost(Role::watch, seconds(26)));
  liveness.alive(Role::watch, seconds(60));  // in between one held
  CHECK_FALSE(liveness.lost(Role::watch, seconds(26)));
  CHECK(liveness.idle(Role::watch) == seconds(25));
  CHECK(liveness.idle(Role::spare) == seconds(200));
}

TEST_CASE("liveness: never below 10 s, and the spare is never asked more often than the one that watches") {
  Liveness liveness;
  for (int i = 0; i < 20; ++i) {
    auto watch = liveness.idle(Role::watch), spare = liveness.idle(Role::spare);
    liveness.lost(Role::watch, watch + seconds(1));
    liveness.lost(Role::spare, spare + seconds(1));
    CHECK(liveness.idle(Role::spare) >= liveness.idle(Role::watch));
  }
  CHECK(liveness.idle(Role::watch) == seconds(10));
}

TEST_CASE("bucket: so many at once, then one each price, and rest gives credit back") {
  Bucket bucket(seconds(60), 3);
  Instant now(hours(1));
  for (int i = 0; i < 3; ++i) {
    CHECK(bucket.ready() <= now);
    bucket.take(now);
  }
  CHECK(bucket.ready() == now + seconds(60));
  now += seconds(60);
  bucket.take(now);
  CHECK(bucket.ready() == now + seconds(60));
  now += hours(1);
  for (int i = 0; i < 3; ++i) {
    CHECK(bucket.ready() <= now);
    bucket.take(now);
  }
  CHECK(bucket.ready() > now);
}

TEST_CASE("the reason in words speaks of the relay, and of who opens the connection") {
  Error opened{"net.tls_untrusted", Retry::retry_later, "The certificate shown is not the cloud's.",
               "Check for a sign-in page, and cloud.url in the configuration file."};
  CHECK(reason_of(opened) ==
        "The certificate shown is not the relay's. Check for a sign-in page, and cloud.relay in the "
        "configuration file.");
  Error refused{"net.refused", Retry::retry_soon, "The cloud refuses connections at the moment.", "x"};
  CHECK(reason_of(refused) == "The relay refuses connections at the moment.");
  Error unknown{"net.dns", Retry::retry_soon, "There is no name relay.cloud.example.", ""};
  CHECK(reason_of(unknown) == unknown.detail);
}

TEST_CASE("attachment: whether the news ride") {
  auto with = read_attachment(R"({"seen":"5.6.7.20","relay":"a","news":true})");
  REQUIRE(with);
  CHECK(with->news);
  for (auto* body :
       {R"({"seen":"5.6.7.20","relay":"a"})", R"({"relay":"a","news":1})", R"({"news":false})"}) {
    auto without = read_attachment(body);
    REQUIRE(without);
    CHECK_FALSE(without->news);
  }
}
