#include "agent/core/result.hpp"

#include <doctest/doctest.h>

#include <memory>

using namespace qcloud;

TEST_CASE("result: a value or an error, never both") {
  Result<std::string> good(std::string("yes"));
  REQUIRE(good);
  CHECK(*good == "yes");
  CHECK(good->size() == 3);

  Result<std::string> bad(Error{"net.timeout", Retry::retry_soon, "no answer", "wait", 30});
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == "net.timeout");
  CHECK(bad.error().retry_after == 30);
}

TEST_CASE("result: moves what cannot be copied") {
  Result<std::unique_ptr<int>> made(std::make_unique<int>(7));
  auto taken = *std::move(made);
  CHECK(*taken == 7);
}

TEST_CASE("result: a status is good unless it holds an error") {
  Status good;
  CHECK(good);
  Status bad(Error{"store.failed", Retry::retry_later, "disk full", ""});
  CHECK_FALSE(bad);
  CHECK(bad.error().code == "store.failed");
}

TEST_CASE("error: gains context on its way up and keeps code, class and fix") {
  Error error{"net.timeout", Retry::retry_soon, "no answer", "check the cable", 5};
  auto outer = std::move(error).within("renew the certificate");
  CHECK(outer.detail == "renew the certificate: no answer");
  CHECK(outer.code == "net.timeout");
  CHECK(outer.retry == Retry::retry_soon);
  CHECK(outer.fix == "check the cable");
  CHECK(outer.retry_after == 5);
}

TEST_CASE("error: each retry class has its own words") {
  CHECK(to_string(Retry::retry_soon) == "retry_soon");
  CHECK(to_string(Retry::retry_later) == "retry_later");
  CHECK(to_string(Retry::wait_for_owner) == "wait_for_owner");
  CHECK(to_string(Retry::give_up) == "give_up");
}
