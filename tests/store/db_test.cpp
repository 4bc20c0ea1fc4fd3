#include "agent/store/db.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <filesystem>

#include "agent/store/meta.hpp"
#include "agent/store/schema.hpp"
#include "tests/unit/state.hpp"

using namespace qcloud;

namespace {

// Through SQLite itself, not through the code under test.
void outside(const std::string& path, const char* sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
}
Status fails() { return Error{"store.failed", Retry::retry_later, "on purpose", ""}; }
std::int64_t metas(Db& db) { return db.number("SELECT count(*) FROM meta"); }

}  // namespace

TEST_CASE("store: a new state has the newest shape; opening again keeps what is in it") {
  unit::State state;
  CHECK(state.db().number("PRAGMA user_version") == schema::version);
  REQUIRE(set_meta(state.db(), "a", "1"));
  state.open();
  CHECK(get_meta(state.db(), "a") == "1");
  CHECK(state.db().number("PRAGMA user_version") == schema::version);
}

TEST_CASE("store: the state file is for its owner only") {
  unit::State state;
  auto perms = std::filesystem::status(state.state_path()).permissions();
  CHECK((perms & (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) ==
        std::filesystem::perms::none);
}

// Debian's SQLite does it by itself, the one that ships only when it is asked.
TEST_CASE("store: what is deleted is overwritten, in the state and in the spool") {
  unit::State state;
  const std::string secret(60, 's');
  REQUIRE(set_meta(state.db(), "key", secret));
  REQUIRE(state.db().run("CREATE TABLE spool.secrets(value TEXT)"));
  REQUIRE(state.db().run("INSERT INTO spool.secrets VALUES(?)", {secret}));
  for (const auto& path : {state.state_path(), state.spool_path()})
    CHECK(unit::read_all(path).find(secret) != std::string::npos);
  REQUIRE(state.db().run("DELETE FROM meta WHERE key='key'"));
  REQUIRE(state.db().run("DELETE FROM spool.secrets"));
  state.close();
  for (const auto& path : {state.state_path(), state.spool_path()})
    CHECK(unit::read_all(path).find(secret) == std::string::npos);
}

TEST_CASE("store: a state of a newer version is refused and left as it is") {
  unit::State state;
  REQUIRE(set_meta(state.db(), "a", "1"));
  state.close();
  outside(state.state_path(), "PRAGMA user_version=999; PRAGMA wal_checkpoint(TRUNCATE);");
  auto before = unit::read_all(state.state_path());
  auto opened = Db::open({state.state_path(), state.spool_path(), {}});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == "store.unusable");
  CHECK_FALSE(opened.error().fix.empty());
  CHECK(unit::read_all(state.state_path()) == before);
}

TEST_CASE("store: what is no database is kept as it is, under another name") {
  for (const std::string& bytes :
       {std::string("this is no database, but the notes of the owner; more than one page of them? no"),
        std::string(8192, 'x'),
        std::string("SQLite format 3\0broken from here on", 35) + std::string(5000, '\xff')}) {
    unit::TempDir dir;
    unit::write_all(dir / "state.db", bytes);
    auto opened = Db::open({dir / "state.db", dir / "spool.db", {}});
    REQUIRE(opened);
    CHECK(get_meta(**opened, note_damaged) == dir / "state.db.damaged-1");
    CHECK(unit::read_all(dir / "state.db.damaged-1") == bytes);
  }
}

TEST_CASE("store: another program's database is refused and left as it is") {
  unit::TempDir dir;
  outside(dir / "state.db", "CREATE TABLE photos(a); INSERT INTO photos VALUES(1);");
  auto before = unit::read_all(dir / "state.db");
  auto opened = Db::open({dir / "state.db", dir / "spool.db", {}});
  // Tolerated only if the owner's rows are still there; refused is better.
  if (opened)
    opened->reset();
  else
    CHECK(unit::read_all(dir / "state.db") == before);
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open((dir / "state.db").c_str(), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, "SELECT a FROM photos", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
}

TEST_CASE("store: a folder that does not exist is an error, not an abort") {
  unit::TempDir dir;
  auto opened = Db::open({dir / "none/state.db", dir / "spool.db", {}});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == "store.unusable");
}

TEST_CASE("store: a broken spool does not take the state with it") {
  unit::State state;
  REQUIRE(set_meta(state.db(), "a", "1"));
  state.close();
  unit::write_all(state.spool_path(), std::string(9000, 'x'));
  auto opened = Db::open({state.state_path(), state.spool_path(), {}});
  // tmpfs may hold anything after a crash: it is begun anew.
  REQUIRE(opened);
  CHECK(get_meta(**opened, "a") == "1");
  CHECK((*opened)->number("SELECT count(*) FROM spool.ledger", {}, -1) == 0);
}

TEST_CASE("store: arguments come back with their types") {
  unit::State state;
  auto& db = state.db();
  CHECK(db.text("SELECT ?", {std::string("o'hara; DROP TABLE meta")}) == "o'hara; DROP TABLE meta");
  CHECK(db.number("SELECT ?", {std::int64_t(-5)}) == -5);
  CHECK(db.number("SELECT ?", {true}) == 1);
  CHECK_FALSE(db.text("SELECT ?", {nullptr}));
  CHECK_FALSE(db.text("SELECT value FROM meta WHERE key='absent'"));
  CHECK(db.number("SELECT value FROM meta WHERE key='absent'", {}, 42) == 42);
  auto with_zero = std::string("a\0b", 3);
  CHECK(db.text("SELECT ?", {with_zero}) == with_zero);
  int rows = 0;
  REQUIRE(db.run("SELECT 1, NULL, 'x' UNION ALL SELECT 2, 3, 'y'", {}, [&](const Row& row) {
    ++rows;
    CHECK(row.number(0) == rows);
    CHECK(row.null(1) == (rows == 1));
    CHECK(row.text(2) == (rows == 1 ? "x" : "y"));
  }));
  CHECK(rows == 2);
}

TEST_CASE("store: a bad statement is an error and leaves the handle usable") {
  unit::State state;
  auto status = state.db().run("SELECT FROM nowhere");
  REQUIRE_FALSE(status);
  CHECK(status.error().code == "store.failed");
  CHECK_FALSE(state.db().run("INSERT INTO meta(key,value) VALUES('a',NULL)"));
  CHECK(metas(state.db()) == 0);
  CHECK(set_meta(state.db(), "a", "1"));
}

TEST_CASE("store: the same statement may run inside its own rows") {
  unit::State state;
  REQUIRE(set_meta(state.db(), "a", "1"));
  REQUIRE(set_meta(state.db(), "b", "2"));
  int rows = 0;
  REQUIRE(state.db().run("SELECT key FROM meta", {}, [&](const Row&) {
    if (rows++ < 10) (void)state.db().run("SELECT key FROM meta", {}, [](const Row&) {});
  }));
  CHECK(rows == 2);
}

TEST_CASE("store: a transaction is all or nothing") {
  unit::State state;
  auto& db = state.db();
  REQUIRE(db.transaction([&]() -> Status {
    if (auto one = set_meta(db, "a", "1"); !one) return one;
    return set_meta(db, "b", "2");
  }));
  CHECK(metas(db) == 2);

  auto status = db.transaction([&]() -> Status {
    if (auto one = set_meta(db, "c", "3"); !one) return one;
    return fails();
  });
  REQUIRE_FALSE(status);
  CHECK(status.error().detail == "on purpose");
  CHECK(metas(db) == 2);
  state.open();
  CHECK(metas(state.db()) == 2);
}

TEST_CASE("store: a transaction inside a transaction shares its fate") {
  unit::State state;
  auto& db = state.db();
  auto status = db.transaction([&]() -> Status {
    if (auto inner = db.transaction([&] { return set_meta(db, "inner", "1"); }); !inner) return inner;
    return fails();
  });
  CHECK_FALSE(status);
  CHECK(metas(db) == 0);

  status = db.transaction([&]() -> Status {
    if (auto outer = set_meta(db, "outer", "1"); !outer) return outer;
    return db.transaction([&]() -> Status {
      if (auto inner = set_meta(db, "inner", "1"); !inner) return inner;
      return fails();
    });
  });
  CHECK_FALSE(status);
  CHECK(metas(db) == 0);

  REQUIRE(db.transaction([&] { return db.transaction([&] { return set_meta(db, "both", "1"); }); }));
  CHECK(metas(db) == 1);
}

TEST_CASE("store: an exception inside a transaction leaves nothing of it, and the handle usable") {
  unit::State state;
  auto& db = state.db();
  try {
    (void)db.transaction([&]() -> Status {
      (void)set_meta(db, "a", "1");
      throw std::runtime_error("a bug");
    });
  } catch (const std::runtime_error&) {
  }
  CHECK(metas(db) == 0);
  REQUIRE(db.transaction([&] { return set_meta(db, "b", "1"); }));
  state.open();
  CHECK(metas(state.db()) == 1);
}

TEST_CASE("store: a fact that is already there wakes no disk") {
  unit::State state;
  auto& db = state.db();
  REQUIRE(set_meta(db, "floor", "100"));
  auto changes = db.number("SELECT total_changes()");
  for (int i = 0; i < 10; ++i) REQUIRE(set_meta(db, "floor", "100"));
  CHECK(db.number("SELECT total_changes()") == changes);
  REQUIRE(set_meta(db, "floor", "101"));
  CHECK(db.number("SELECT total_changes()") > changes);
}
