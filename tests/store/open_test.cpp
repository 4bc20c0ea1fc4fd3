// What can be wrong with the state's file, and that nothing of it is ever lost.
#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>

#include "agent/store/meta.hpp"
#include "agent/store/schema.hpp"
#include "tests/unit/state.hpp"

using namespace qcloud;

namespace {

Result<std::unique_ptr<Db>> open(const unit::TempDir& dir) {
  return Db::open({dir / "state.db", dir / "spool.db", {}});
}
std::string good_state(const unit::TempDir& dir) {
  auto db = open(dir);
  REQUIRE(db);
  for (int i = 0; i < 400; ++i) REQUIRE(set_meta(**db, "key" + std::to_string(i), std::string(200, 'v')));
  db->reset();
  return unit::read_all(dir / "state.db");
}

}  // namespace

TEST_CASE("store: a damaged state is kept under another name, said so, and a new one begun") {
  unit::TempDir dir;
  auto whole = good_state(dir);
  auto torn = whole;
  for (std::size_t at = 8192; at < torn.size(); at += 4096) torn.replace(at, 600, std::string(600, '\xa5'));
  for (const std::string& bytes : {torn, whole.substr(0, whole.size() / 2 + 100), whole.substr(0, 5000)}) {
    unit::write_all(dir / "state.db", bytes);
    auto opened = open(dir);
    REQUIRE(opened);
    auto kept = get_meta(**opened, note_damaged);
    REQUIRE(kept);
    CHECK(unit::read_all(*kept) == bytes);
    CHECK_FALSE(get_meta(**opened, "key1"));
    opened->reset();
    // The next start finds a good state, and still says what happened.
    auto again = open(dir);
    REQUIRE(again);
    CHECK(get_meta(**again, note_damaged) == kept);
  }
  CHECK(unit::read_all(dir / "state.db.damaged-1") == torn);
  CHECK(std::filesystem::exists(dir / "state.db.damaged-3"));
}

TEST_CASE("store: a file that another program has open is refused, and nothing is moved") {
  unit::TempDir dir;
  auto whole = good_state(dir);
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((dir / "state.db").c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
  auto opened = open(dir);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == "store.unusable");
  CHECK(opened.error().detail.find("another program") != std::string::npos);
  sqlite3_close(other);
  CHECK(unit::read_all(dir / "state.db") == whole);
  CHECK(open(dir));
}

TEST_CASE("store: what is no plain file is refused, and does not hang") {
  for (int kind = 0; kind < 3; ++kind) {
    unit::TempDir dir;
    if (kind == 0) REQUIRE(::mkdir((dir / "state.db").c_str(), 0700) == 0);
    if (kind == 1) REQUIRE(::mkfifo((dir / "state.db").c_str(), 0600) == 0);
    if (kind == 2) REQUIRE(::mkfifo((dir / "spool.db").c_str(), 0600) == 0);
    auto opened = open(dir);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == "store.unusable");
    CHECK(opened.error().detail.find("no plain file") != std::string::npos);
    CHECK_FALSE(opened.error().fix.empty());
  }
}

TEST_CASE("store: a state of the first version is taken over as it is") {
  unit::TempDir dir;
  sqlite3* old = nullptr;
  REQUIRE(sqlite3_open((dir / "state.db").c_str(), &old) == SQLITE_OK);
  REQUIRE(sqlite3_exec(old, schema::steps[0], nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE(
      sqlite3_exec(old,
                   "PRAGMA user_version=1; INSERT INTO meta VALUES('a','1');"
                   "INSERT INTO identity(slot,device_id,account,key_pem,certificate_pem,hardware,registered) "
                   "VALUES('current','d','anna','k','c','h',1)",
                   nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(old);
  auto opened = open(dir);
  REQUIRE(opened);
  CHECK(get_meta(**opened, "a") == "1");
  CHECK((*opened)->text("SELECT lost FROM identity WHERE slot='current'") == "");
  CHECK((*opened)->number("SELECT count(*) FROM settings", {}, -1) == 0);
}
