#include "agent/features/enroll/policy.hpp"

#include <doctest/doctest.h>

using namespace qcloud;
using namespace qcloud::enroll;
using Next = DeviceFlow::Next;

namespace {
const Instant t0{seconds(5000)};
}

TEST_CASE("enroll policy: asks each interval while the owner has not decided (RFC 8628 section 3.5)") {
  DeviceFlow flow(t0, seconds(600), seconds(5));
  CHECK(flow.expires_at() == t0 + seconds(600));
  CHECK(flow.ask_at() == t0 + seconds(5));
  auto now = flow.ask_at();
  for (int i = 0; i < 10; ++i) {
    CHECK(flow.on(TokenAnswer::authorization_pending, now) == Next::ask_at);
    CHECK(flow.ask_at() == now + seconds(5));
    now = flow.ask_at();
  }
  CHECK(flow.on(TokenAnswer::granted, now) == Next::granted);
}

TEST_CASE("enroll policy: slow_down adds five seconds, for good") {
  DeviceFlow flow(t0, seconds(600), seconds(5));
  auto now = flow.ask_at();
  CHECK(flow.on(TokenAnswer::slow_down, now) == Next::ask_at);
  CHECK(flow.ask_at() == now + seconds(10));
  now = flow.ask_at();
  CHECK(flow.on(TokenAnswer::authorization_pending, now) == Next::ask_at);
  CHECK(flow.ask_at() == now + seconds(10));
  now = flow.ask_at();
  CHECK(flow.on(TokenAnswer::slow_down, now) == Next::ask_at);
  CHECK(flow.ask_at() == now + seconds(15));
  now = flow.ask_at();
  CHECK(flow.on(TokenAnswer::authorization_pending, now) == Next::ask_at);
  CHECK(flow.ask_at() == now + seconds(15));
}

TEST_CASE("enroll policy: the owner's no, a code that ran out, a refusal end it") {
  CHECK(DeviceFlow(t0, seconds(600), seconds(5)).on(TokenAnswer::access_denied, t0) == Next::denied);
  CHECK(DeviceFlow(t0, seconds(600), seconds(5)).on(TokenAnswer::expired_token, t0) == Next::expired);
  CHECK(DeviceFlow(t0, seconds(600), seconds(5)).on(TokenAnswer::refused, t0) == Next::refused);
}

TEST_CASE("enroll policy: one question at most is asked after the code has run out") {
  for (auto answer : {TokenAnswer::authorization_pending, TokenAnswer::slow_down, TokenAnswer::unreachable}) {
    DeviceFlow flow(t0, seconds(20), seconds(5));
    auto now = flow.ask_at();
    int asked = 0;
    while (flow.on(answer, now) == Next::ask_at) {
      CHECK(flow.ask_at() > now);
      CHECK(now < flow.expires_at());
      now = flow.ask_at();
      REQUIRE(++asked < 10);
    }
    CHECK(flow.on(answer, flow.expires_at()) == Next::expired);
  }
}

TEST_CASE("enroll policy: a token that comes at the last moment counts") {
  DeviceFlow flow(t0, seconds(20), seconds(5));
  CHECK(flow.on(TokenAnswer::granted, t0 + seconds(20)) == Next::granted);
}

TEST_CASE("enroll policy: without an answer it asks less and less often, capped, until the code runs out") {
  DeviceFlow flow(t0, hours(10), seconds(5));
  auto now = flow.ask_at();
  Millis before{0};
  bool doubled = false, capped = false;
  for (int i = 0; i < 12; ++i) {
    REQUIRE(flow.on(TokenAnswer::unreachable, now) == Next::ask_at);
    auto wait = flow.ask_at() - now;
    CHECK(wait >= before);
    CHECK(wait <= minutes(10));
    if (before.count()) {
      CHECK(wait <= before * 2);
      doubled |= wait == before * 2;
      capped |= wait == before;
    }
    before = std::chrono::duration_cast<Millis>(wait);
    now = flow.ask_at();
  }
  CHECK(doubled);
  CHECK(capped);
}

TEST_CASE("enroll policy: a server that asks for nonsense gets sense") {
  DeviceFlow zero(t0, seconds(600), seconds(0));
  CHECK(zero.ask_at() > t0);
  DeviceFlow negative(t0, seconds(600), seconds(-5));
  CHECK(negative.ask_at() > t0);
}

TEST_CASE("enroll policy: renews at half of the life, and not with the whole crowd") {
  const auto from = from_unix(1795428000), until = from + days(7);
  const WallTime half = from + hours(84);
  const Millis tenth = Millis(hours(24 * 7)) / 10;
  CHECK(renew_at(from, until, 0) == half);
  WallTime last = half;
  for (int jitter = 0; jitter < 1000; ++jitter) {
    auto at = renew_at(from, until, jitter);
    CHECK(at >= half);
    CHECK(at <= half + tenth);
    CHECK(at >= last);
    last = at;
  }
  CHECK(last > half + tenth * 9 / 10);
  // A short life in tests, and one that is no life.
  CHECK(renew_at(from, from + seconds(10), 500) < from + seconds(10));
  CHECK(renew_at(from, from, 999) == from);
}
