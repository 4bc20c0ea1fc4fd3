#include <doctest/doctest.h>

#include "tests/cloud/test/world.hpp"

using namespace refcloud;
using namespace refcloud::test;

namespace {

std::string error_of(const Response& response) {
  CHECK(response.status >= 400);
  return text(body_of(response).at("error"));
}

}  // namespace

TEST_CASE("device flow: pending, then a token that buys one certificate") {
  World world;
  const auto started = device_auth(world);
  CHECK(started.at("expires_in").as_int64() == 600);
  CHECK(started.at("interval").as_int64() == 5);
  CHECK(text(started.at("verification_uri_complete")) ==
        "https://cloud.vendor.test/device?user_code=" + text(started.at("user_code")));
  CHECK(error_of(poll(world, started)) == "authorization_pending");
  CHECK_FALSE(world.cloud.approve(text(started.at("user_code")), "nobody"));
  REQUIRE(world.cloud.approve(lower(text(started.at("user_code"))), "alice"));
  world.clock.advance(5);
  const auto token = poll(world, started);
  REQUIRE(token.status == 200);
  CHECK(*header(token.headers, "Cache-Control") == "no-store");
  world.clock.advance(5);
  CHECK(error_of(poll(world, started)) == "invalid_grant");

  const auto secret = text(body_of(token).at("access_token"));
  Nas nas(world);
  CHECK(nas.simpleenroll(secret).status == 200);
  Nas other(world);
  const auto again = other.simpleenroll(secret);
  CHECK(again.status == 401);
  CHECK(header(again.headers, "WWW-Authenticate"));
}

TEST_CASE("device flow: polling too fast costs five seconds, for good") {
  World world;
  const auto started = device_auth(world);
  CHECK(error_of(poll(world, started)) == "authorization_pending");
  world.clock.advance(4);
  CHECK(error_of(poll(world, started)) == "slow_down");
  world.clock.advance(9);
  CHECK(error_of(poll(world, started)) == "slow_down");
  world.clock.advance(15);
  CHECK(error_of(poll(world, started)) == "authorization_pending");
}

TEST_CASE("device flow: expired, denied, unknown") {
  World world;
  const auto late = device_auth(world);
  world.clock.advance(600);
  CHECK_FALSE(world.cloud.approve(text(late.at("user_code")), "alice"));
  CHECK(error_of(poll(world, late)) == "expired_token");
  world.clock.advance(2 * hour);
  world.cloud.run_retention();
  CHECK(error_of(poll(world, late)) == "invalid_grant");

  const auto refused = device_auth(world);
  REQUIRE(world.cloud.deny(text(refused.at("user_code"))));
  CHECK_FALSE(world.cloud.approve(text(refused.at("user_code")), "alice"));
  CHECK(error_of(poll(world, refused)) == "access_denied");

  CHECK(error_of(poll(world, {{"device_code", "made-up"}})) == "invalid_grant");
  CHECK(error_of(world.form("/token", "client_id=other")) == "invalid_client");
  CHECK(error_of(world.form("/device/auth", "client_id=qcloud-nas&scope=all&device_model=x")) ==
        "invalid_scope");
  CHECK(error_of(world.form("/device/auth",
                            "client_id=qcloud-nas&scope=nas&device_model=x&device_serial_tail=12345")) ==
        "invalid_request");
}

TEST_CASE("an access token ends after five minutes") {
  World world;
  const auto started = device_auth(world);
  REQUIRE(world.cloud.approve(text(started.at("user_code")), "alice"));
  const auto token = text(body_of(poll(world, started)).at("access_token"));
  world.clock.advance(300);
  Nas nas(world);
  CHECK(nas.simpleenroll(token).status == 401);
}

TEST_CASE("URLs carry the client's own authority only if it is one of the cloud's") {
  World world;
  const auto issuer = [&](const std::string& host) {
    return text(
        body_of(world.call(
                    {"GET", "/.well-known/oauth-authorization-server", {{"Host", host}}, {}, "5.6.7.8", {}}))
            .at("issuer"));
  };
  CHECK(issuer("127.0.0.1:4711") == "https://127.0.0.1:4711");
  CHECK(issuer("[::1]:4711") == "https://[::1]:4711");
  CHECK(issuer("Cloud.Vendor.Test:8443") == "https://Cloud.Vendor.Test:8443");
  CHECK(issuer("evil.example") == "https://cloud.vendor.test");
  CHECK(issuer("localhost:80/x") == "https://cloud.vendor.test");
  CHECK(issuer("[::1") == "https://cloud.vendor.test");
}
