// Promise A3: what left is shown.
#include <boost/json/serialize.hpp>
#include <filesystem>

#include "tests/gate/ledger_world.hpp"

using namespace ledger_test;

TEST_CASE_FIXTURE(World, "A3 ledger: a message row holds when, what for, where to and which fields") {
  auto id = message();
  auto found = row(id);
  CHECK(found.at("kind") == "message");
  CHECK(found.at("feature") == "ddns");
  CHECK(found.at("purpose") == "report the addresses");
  CHECK(found.at("host") == "cloud.vendor.test");
  CHECK(found.at("time").as_string() == to_rfc3339(clock.wall()));
  CHECK(boost::json::serialize(found.at("fields")) == "[\"ipv4\",\"ipv6\"]");
  CHECK(found.at("conn").is_null());
}

TEST_CASE_FIXTURE(World, "A3 ledger: fields with odd names come back as they were, none is an empty list") {
  CHECK(row(message("ddns", {"a,b", "c\"d", "e f"})).at("fields").as_array().size() == 3);
  CHECK(row(message("ddns", {})).at("fields").as_array().empty());
}

TEST_CASE_FIXTURE(World, "A3 ledger: a connection row lives from open to closed, and keeps its id") {
  auto asked = message();
  auto id = opened("ddns", asked);
  auto open = row(id);
  CHECK(open.at("kind") == "connection");
  CHECK(open.at("state") == "open");
  CHECK(open.at("proto") == "tcp");
  CHECK(open.at("local") == "192.168.1.5:40112");
  CHECK(open.at("remote") == "203.0.113.9:443");
  CHECK(open.at("opened").as_string() == to_rfc3339(clock.wall()));
  CHECK(open.at("closed").is_null());
  ledger->link(asked, id);
  CHECK(row(asked).at("conn").as_int64() == id);

  clock.advance(seconds(5));
  ledger->closed(id, 1000, 2000, ConnectionEnd::closed);
  auto closed = row(id);
  CHECK(closed.at("state") == "closed");
  CHECK(closed.at("closed").as_string() == to_rfc3339(clock.wall()));
  CHECK(closed.at("bytes_out") == 1000);
  CHECK(closed.at("bytes_in") == 2000);

  auto second = opened();
  ledger->closed(second, 1, 2, ConnectionEnd::aborted);
  CHECK(row(second).at("state") == "aborted");
}

TEST_CASE_FIXTURE(World,
                  "A3 ledger: what passes through an open connection shows at once, and outlives a kill") {
  auto id = opened();
  ledger->passed(id, 10, 20);
  CHECK(row(id).at("bytes_out") == 10);
  CHECK(row(id).at("bytes_in") == 20);
  CHECK(row(id).at("state") == "open");
  ledger->passed(id, 30, 40);
  clock.advance(minutes(1));
  ledger->passed(id, 50, 60);
  ledger->passed(id, 70, 80);
  begin("boot-1");
  CHECK(row(id).at("state") == "interrupted");
  CHECK(row(id).at("bytes_out") == 50);
  CHECK(row(id).at("bytes_in") == 60);
  auto next = opened();
  ledger->passed(next, 1, 2);
  ledger->closed(next, 3, 4, ConnectionEnd::closed);
  CHECK(row(next).at("bytes_out") == 3);
}

TEST_CASE_FIXTURE(World, "A3 ledger: a later message on a connection that is open already is linked") {
  auto connection = opened();
  auto later = message();
  ledger->link(later, connection);
  CHECK(row(later).at("conn").as_int64() == connection);
}

TEST_CASE_FIXTURE(World, "A3 ledger: ids only grow, over folds and restarts") {
  auto last = message();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3; ++i) {
      auto id = i == 1 ? opened() : message();
      CHECK(id > last);
      last = id;
    }
    REQUIRE(ledger->fold());
    REQUIRE(ledger->stop());
    begin("boot-1");
  }
}

TEST_CASE_FIXTURE(World, "A3 ledger: folding moves rows to the state, once, and they can still be closed") {
  auto asked = message();
  auto id = opened("ddns", asked);
  ledger->link(asked, id);
  REQUIRE(ledger->fold());
  CHECK(rows().size() == 2);
  ledger->closed(id, 10, 20, ConnectionEnd::closed);
  REQUIRE(ledger->fold());
  REQUIRE(ledger->fold());
  CHECK(rows().size() == 2);
  CHECK(row(id).at("state") == "closed");
  CHECK(row(id).at("bytes_in") == 20);
  CHECK(row(asked).at("conn").as_int64() == id);
  CHECK(state.db().number("SELECT count(*) FROM main.ledger") == 2);
  CHECK(state.db().number("SELECT count(*) FROM spool.ledger") == 0);
}

TEST_CASE_FIXTURE(World, "A3 ledger: before a fold nothing of a row is in the durable file") {
  message();
  opened();
  CHECK(state.db().number("SELECT count(*) FROM main.ledger") == 0);
  CHECK(state.db().number("SELECT count(*) FROM spool.ledger") == 2);
}

TEST_CASE_FIXTURE(World, "A3 ledger: filters by feature, time, id and number") {
  message("ddns");
  clock.advance(seconds(10));
  auto second = message("enroll");
  clock.advance(seconds(10));
  REQUIRE(ledger->fold());
  auto third = message("ddns");
  opened("enroll");
  CHECK(rows({.feature = "ddns"}).size() == 2);
  CHECK(rows({.feature = "enroll"}).size() == 2);
  CHECK(rows({.feature = "nobody"}).empty());
  CHECK(rows({.feature = {}, .since = clock.wall().time_since_epoch().count()}).size() == 2);
  auto after = rows({.feature = {}, .after = second});
  REQUIRE(after.size() == 2);
  CHECK(after[0].at("id").as_int64() == third);
  CHECK(rows({.feature = {}, .limit = 1}).size() == 1);
  auto page = rows({.feature = {}, .after = 0, .limit = 3});
  REQUIRE(page.size() == 3);
  CHECK(page[0].at("id").as_int64() < page[1].at("id").as_int64());
  CHECK(page[1].at("id").as_int64() < page[2].at("id").as_int64());
  CHECK(rows({.feature = "ddns' OR '1'='1"}).empty());
}

TEST_CASE_FIXTURE(World, "A3 ledger: the summary counts messages, connections and bytes by feature") {
  message("ddns");
  message("ddns");
  auto id = opened("ddns");
  ledger->closed(id, 100, 200, ConnectionEnd::closed);
  REQUIRE(ledger->fold());
  id = opened("ddns");
  ledger->closed(id, 1, 2, ConnectionEnd::aborted);
  message("erasure");
  auto sums = ledger->summary(0);
  REQUIRE(sums.size() == 2);
  for (auto& each : sums) {
    bool ddns = each.at("feature") == "ddns";
    CHECK(each.at("messages") == (ddns ? 2 : 1));
    CHECK(each.at("connections") == (ddns ? 2 : 0));
    CHECK(each.at("bytes_out") == (ddns ? 101 : 0));
    CHECK(each.at("bytes_in") == (ddns ? 202 : 0));
  }
  clock.advance(hours(1));
  CHECK(ledger->summary(clock.wall().time_since_epoch().count()).empty());
}

TEST_CASE_FIXTURE(World, "A3 ledger: who follows is told of new rows and of changed ones") {
  std::vector<boost::json::object> told;
  ledger->on_row = [&](std::int64_t id) { told.push_back(row(id)); };
  auto asked = message();
  auto id = opened("ddns", asked);
  ledger->closed(id, 1, 2, ConnectionEnd::closed);
  REQUIRE(told.size() >= 3);
  CHECK(told.front().at("id").as_int64() == asked);
  CHECK(told.back().at("id").as_int64() == id);
  CHECK(told.back().at("state") == "closed");
}

TEST_CASE_FIXTURE(World, "A3 ledger: a full spool is folded or refused, never dropped in silence") {
  int written = 0;
  for (int i = 0; i < 3000; ++i) {
    auto id = ledger->message("ddns", std::string(100, 'p'), "cloud.vendor.test", {"ipv4", "ipv6"});
    if (id) ++written;
  }
  auto durable = state.db().number("SELECT count(*) FROM main.ledger");
  auto spooled = state.db().number("SELECT count(*) FROM spool.ledger");
  CHECK(durable + spooled == written);
  CHECK(written > 0);
  CHECK(std::filesystem::file_size(state.spool_path()) <=
        400 * 1024);  // capped: 256 KB of rows, and SQLite's pages
}
