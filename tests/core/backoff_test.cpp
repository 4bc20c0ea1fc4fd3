#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "agent/core/backoff.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;

TEST_CASE("backoff: full jitter stays below min(cap, base * 2^n) and uses the whole span") {
  unit::SeededRng rng(7);
  const Millis base = seconds(1), cap = minutes(5);
  for (int tries = 0; tries < 14; ++tries) {
    const Millis limit = std::min(cap, Millis(base.count() << tries));
    Millis least = Millis::max(), most = Millis(0);
    for (int i = 0; i < 400; ++i) {
      Backoff backoff(base, cap);
      Millis wait{};
      for (int n = 0; n <= tries; ++n) wait = backoff.next(rng);
      CHECK(backoff.tries() == tries + 1);
      CHECK(wait >= Millis(0));
      CHECK(wait <= limit);
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    CAPTURE(tries);
    CHECK(least < limit / 4);
    CHECK(most > limit * 3 / 4);
  }
}

TEST_CASE("backoff: a thousand failures do not overflow") {
  unit::SeededRng rng(8);
  Backoff backoff(seconds(1), hours(24));
  for (int i = 0; i < 1000; ++i) {
    auto wait = backoff.next(rng);
    CHECK(wait >= Millis(0));
    CHECK(wait <= hours(24));
  }
  backoff.reset();
  CHECK(backoff.tries() == 0);
  CHECK(backoff.next(rng) <= seconds(1));
}

TEST_CASE("backoff: Retry-After is a floor, clamped to a day") {
  unit::SeededRng rng(9);
  for (int i = 0; i < 100; ++i) {
    Backoff backoff(seconds(1), seconds(10));
    CHECK(backoff.next(rng, 600) >= seconds(600));
    Backoff greedy(seconds(1), seconds(10));
    auto wait = greedy.next(rng, 2'000'000'000);
    CHECK(wait >= hours(24));
    CHECK(wait <= Millis(hours(24)) * 11 / 10 + seconds(10));  // and spread by a tenth
    Backoff nonsense(seconds(1), seconds(10));
    wait = nonsense.next(rng, -5);
    CHECK(wait >= Millis(0));
    CHECK(wait <= seconds(1));
  }
}

TEST_CASE("backoff: a crowd with the same Retry-After does not come back in one instant") {
  std::set<std::int64_t> moments;
  for (std::uint64_t box = 0; box < 50; ++box) {
    unit::SeededRng rng(box);
    Backoff backoff(seconds(1), seconds(60));
    for (int i = 0; i < 4; ++i) (void)backoff.next(rng);
    moments.insert(backoff.next(rng, 120).count());
  }
  CHECK(moments.size() > 25);
}

TEST_CASE("rng: below() and between() keep their bounds and reach them") {
  unit::SeededRng rng(10);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 500; ++i) {
    auto value = rng.below(7);
    CHECK(value < 7);
    seen.insert(value);
    CHECK(rng.below(1) == 0);
  }
  CHECK(seen.size() == 7);
  CHECK(rng.below(~0ull) < ~0ull);

  std::set<std::int64_t> waits;
  for (int i = 0; i < 500; ++i) {
    auto wait = rng.between(Millis(3), Millis(5));
    CHECK(wait >= Millis(3));
    CHECK(wait <= Millis(5));
    waits.insert(wait.count());
  }
  CHECK(waits.size() == 3);
  CHECK(rng.between(Millis(4), Millis(4)) == Millis(4));
}

TEST_CASE("rng: below() is uniform where the bound does not divide 2^64") {
  unit::SeededRng rng(11);
  const std::uint64_t bound = 3ull << 62;
  int low = 0;
  for (int i = 0; i < 3000; ++i) low += rng.below(bound) < (1ull << 62);
  CHECK(low > 850);  // a modulo would give half of them: 1500
  CHECK(low < 1150);
}

TEST_CASE("rng: uuid is RFC 9562 version 4, lower case, and never twice") {
  unit::SeededRng rng(12);
  std::set<std::string> all;
  for (int i = 0; i < 300; ++i) {
    auto id = rng.uuid();
    CAPTURE(id);
    REQUIRE(id.size() == 36);
    for (size_t at = 0; at < id.size(); ++at) {
      if (at == 8 || at == 13 || at == 18 || at == 23)
        CHECK(id[at] == '-');
      else
        CHECK(std::string_view("0123456789abcdef").find(id[at]) != std::string_view::npos);
    }
    CHECK(id[14] == '4');
    CHECK(std::string_view("89ab").find(id[19]) != std::string_view::npos);
    all.insert(id);
  }
  CHECK(all.size() == 300);
}
