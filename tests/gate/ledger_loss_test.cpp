// Promise A3: also after a kill, and a loss is itself a row.
#include "tests/gate/ledger_world.hpp"

using namespace ledger_test;

TEST_CASE_FIXTURE(World, "A3 ledger: after a kill nothing is lost; what was open is interrupted") {
  auto asked = message();
  auto open = opened("ddns", asked);
  auto done = opened();
  ledger->closed(done, 5, 6, ConnectionEnd::closed);
  auto folded_open = opened("enroll");
  REQUIRE(ledger->fold());
  auto late = opened("enroll");
  begin("boot-1");  // no stop()
  CHECK(row(open).at("state") == "interrupted");
  CHECK(row(folded_open).at("state") == "interrupted");
  CHECK(row(late).at("state") == "interrupted");
  CHECK(row(done).at("state") == "closed");
  CHECK(row(asked).at("kind") == "message");
  CHECK(gaps() == 0);
}

TEST_CASE_FIXTURE(World, "A3 ledger: a clean stop leaves no gap, on the same boot or after another") {
  message();
  auto id = opened();
  ledger->closed(id, 1, 2, ConnectionEnd::closed);
  REQUIRE(ledger->stop());
  ledger.reset();
  state.lose_spool();
  begin("boot-2");
  CHECK(gaps() == 0);
  CHECK(rows().size() == 2);
  REQUIRE(ledger->stop());
  begin("boot-2");
  CHECK(gaps() == 0);
}

TEST_CASE_FIXTURE(World, "A3 ledger: power loss is a row that says from when to when") {
  auto from = clock.wall();
  message();
  REQUIRE(ledger->fold());
  clock.advance(hours(2));
  message();  // in tmpfs only
  clock.advance(hours(1));
  ledger.reset();
  state.lose_spool();
  begin("boot-2");
  REQUIRE(gaps() == 1);
  boost::json::object gap;
  for (auto& each : rows())
    if (each.at("kind") == "gap") gap = each.as_object();
  CHECK(gap.at("state") == "gap");
  REQUIRE(gap.at("opened").is_string());
  REQUIRE(gap.at("closed").is_string());
  auto begun = parse_rfc3339(std::string(gap.at("opened").as_string()));
  auto ended = parse_rfc3339(std::string(gap.at("closed").as_string()));
  REQUIRE(begun);
  REQUIRE(ended);
  CHECK(*begun <= from + hours(2));  // not later than what was lost
  CHECK(*begun >= from - seconds(1));
  CHECK(*ended >= from + hours(2));
  CHECK(*ended <= clock.wall());
  // Once, not at each start.
  begin("boot-2");
  CHECK(gaps() == 1);
  REQUIRE(ledger->stop());
  begin("boot-3");
  CHECK(gaps() == 1);
}

TEST_CASE_FIXTURE(World, "A3 ledger: ids that power loss took are not given again to rows that were folded") {
  message();
  REQUIRE(ledger->fold());
  ledger.reset();
  state.lose_spool();
  begin("boot-2");
  auto before = rows().size();
  message();
  REQUIRE(ledger->fold());
  CHECK(rows().size() == before + 1);
}

TEST_CASE_FIXTURE(World, "A3 ledger: a spool that was removed or damaged within the boot is a gap too") {
  message();
  ledger.reset();
  state.lose_spool();
  begin("boot-1");
  CHECK(gaps() == 1);
  message();
  ledger.reset();
  state.close();
  unit::write_all(state.spool_path(), std::string(9000, 'x'));
  begin("boot-1");
  CHECK(gaps() == 2);
  begin("boot-1");  // killed, nothing lost
  CHECK(gaps() == 2);
}

TEST_CASE_FIXTURE(World, "K2 ledger: rows of more than 400 days ago go, and only those") {
  message();
  clock.advance(days(399));
  message();
  REQUIRE(ledger->fold());
  REQUIRE(ledger->prune(clock.wall()));
  CHECK(rows().size() == 2);
  clock.advance(days(2));
  REQUIRE(ledger->prune(clock.wall()));
  CHECK(rows().size() == 1);
}
