// Promise A5: an order is sent until its receipt comes.
#include <doctest/doctest.h>
#include <boost/json/parse.hpp>

#include <set>

#include "agent/features/erasure/policy.hpp"
#include "agent/features/erasure/wire.hpp"
#include "agent/gate/mint.hpp"
#include "agent/gate/serialize.hpp"
#include "tests/features/answer.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;
using namespace qcloud::erasure;
using Kind = OrderAnswer::Kind;

using unit::with;

namespace {}  // namespace

TEST_CASE(
    "A5 erasure policy: the order that is due first; of equals the oldest; none when nothing is pending") {
  CHECK_FALSE(next_due({}));
  const Instant soon(seconds(500)), late(seconds(900));
  CHECK(next_due(std::vector<Instant>{late}) == 0u);
  CHECK(next_due(std::vector<Instant>{late, soon, late}) == 1u);
  CHECK(next_due(std::vector<Instant>{soon, late, soon}) == 0u);
  CHECK(next_due(std::vector<Instant>{late, Instant(), soon}) == 1u);
}

TEST_CASE("A5 erasure policy: from seconds to daily, for ever") {
  unit::SeededRng rng(71);
  for (int tries : {0, 1, 2, 3, 5, 10, 17, 20, 40, 100, 1000, 100000}) {
    Millis most{0};
    for (int i = 0; i < 300; ++i) {
      auto wait = wait_after(tries, rng, 0);
      CHECK(wait >= Millis(0));
      CHECK(wait <= hours(24));
      most = std::max(most, wait);
    }
    CAPTURE(tries);
    if (tries <= 1) CHECK(most <= seconds(10));
    if (tries >= 20) CHECK(most >= hours(18));
  }
  CHECK(wait_after(1, rng, 600) >= seconds(600));
  CHECK(wait_after(1, rng, 2'000'000'000) <= hours(27));
  CHECK(wait_after(1, rng, -1) <= seconds(10));
}

TEST_CASE("A5 erasure policy: a crowd with the same Retry-After does not come back in one instant") {
  std::set<std::int64_t> moments;
  for (std::uint64_t box = 0; box < 50; ++box) {
    unit::SeededRng rng(box);
    moments.insert(wait_after(2, rng, 600).count());
  }
  CHECK(moments.size() > 25);
}

TEST_CASE("A5 erasure policy: a try that repeats at zero wait cannot become a storm") {
  unit::SeededRng rng(72);
  for (int round = 0; round < 50; ++round) {
    Millis sum{0};
    for (int tries = 1; tries <= 20; ++tries) sum += wait_after(tries, rng, 0);
    CHECK(sum > minutes(10));  // twenty tries are spread over much more than that
  }
}

TEST_CASE("A2 erasure wire: messages") {
  auto id = Mint::text<DataClass::request_id>("11111111-2222-4333-8444-555555555555");
  auto wire = serialize(order(id, Mint::text<DataClass::signed_order>("eyJ.x.y")).raw(), "");
  REQUIRE(wire);
  CHECK(wire->method == "POST");
  CHECK(wire->target == "/v1/erasure-requests");
  CHECK(wire->body == R"({"request":"eyJ.x.y"})");
  bool keyed = false;
  for (auto& [name, value] : wire->headers)
    keyed |= name == "Idempotency-Key" && value == "11111111-2222-4333-8444-555555555555";
  CHECK(keyed);
  wire = serialize(ask(id).raw(), "");
  REQUIRE(wire);
  CHECK(wire->target == "/v1/erasure-requests/11111111-2222-4333-8444-555555555555");
  wire = serialize(export_all().raw(), "");
  REQUIRE(wire);
  CHECK(wire->target == "/v1/export");
  wire = serialize(export_one(Mint::text<DataClass::feature_name>("ddns")).raw(), "");
  REQUIRE(wire);
  CHECK(wire->target == "/v1/export?scope=ddns");
}

TEST_CASE("A5 erasure wire: what an answer means") {
  auto read = [](int status, const std::string& body) { return read_order_answer(with(status, body)); };
  auto done = read(201, R"({"status":"completed","receipt":"eyJ.r.s"})");
  CHECK(done.kind == Kind::receipt);
  CHECK(done.receipt == "eyJ.r.s");
  CHECK(read(200, R"({"status":"completed","receipt":"eyJ.r.s"})").kind == Kind::receipt);
  CHECK(read(202, R"({"status":"in_progress"})").kind == Kind::in_progress);
  CHECK(read(200, R"({"status":"in_progress"})").kind != Kind::receipt);
  CHECK(read(404, R"({"type":"urn:qcloud:problem:not-found"})").kind == Kind::unknown);
  // The removal's own receipt settles it.
  auto gone = read(410, R"({"type":"urn:qcloud:problem:device-removed","receipt":"eyJ.removal.s"})");
  CHECK(gone.kind == Kind::receipt);
  CHECK(gone.receipt == "eyJ.removal.s");
}

TEST_CASE("A5 erasure wire: nothing but a receipt settles") {
  auto read = [](int status, const std::string& body) { return read_order_answer(with(status, body)); };
  for (const auto& answer :
       {read(201, "{}"), read(201, ""), read(201, R"({"status":"completed"})"),
        read(201, R"({"status":"completed","receipt":""})"),
        read(201, R"({"status":"completed","receipt":7})"),
        read(200, R"({"status":"completed","receipt":null})"), read(204, ""),
        read(410, R"({"type":"urn:qcloud:problem:device-removed"})"),
        read(500, R"({"receipt":"eyJ.r.s","status":"completed"})"),
        read(403, R"({"type":"urn:qcloud:problem:unknown-key","status":403,"retryable":false})"),
        read(503, "")}) {
    CHECK(answer.kind != Kind::receipt);
    if (answer.kind == Kind::failed) {
      CHECK_FALSE(answer.error.code.empty());
      CHECK_FALSE(answer.error.detail.empty());
    }
  }
}
