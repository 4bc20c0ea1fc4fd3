#include "tests/cloud/db.hpp"

#include <sqlite3.h>

namespace refcloud {
namespace {

[[noreturn]] void fail(sqlite3* db, std::string_view what) {
  throw DbError(std::string(what) + ": " + sqlite3_errmsg(db));
}

}  // namespace

Query::~Query() {
  if (owned_) {
    sqlite3_finalize(statement_);
  } else {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
}

bool Query::next() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      fail(db_, sqlite3_sql(statement_));
  }
}

std::string Query::text(int column) const {
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return data ? std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
              : std::string();
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }
bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::optional<std::string> Query::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

void Query::bind(int index, std::string_view value) {
  if (sqlite3_bind_text(statement_, index, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT) !=
      SQLITE_OK)
    fail(db_, "bind");
}

void Query::bind(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_, index, value) != SQLITE_OK) fail(db_, "bind");
}

void Query::bind(int index, std::nullptr_t) {
  if (sqlite3_bind_null(statement_, index) != SQLITE_OK) fail(db_, "bind");
}

void Db::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Db::Db(const std::string& path) {
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  handle_.reset(raw);
  if (result != SQLITE_OK) fail(raw, path);
  sqlite3_busy_timeout(raw, 2000);
  // Deleted rows must not linger in free pages: secure_delete overwrites them (promise K1).
  script(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;");
}

Db::~Db() {
  for (const auto& [sql, statement] : cache_) sqlite3_finalize(statement);
}

sqlite3_stmt* Db::prepare(std::string_view sql, bool& owned) {
  const auto cached = cache_.find(sql);
  if (cached != cache_.end() && !sqlite3_stmt_busy(cached->second)) return cached->second;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr) !=
      SQLITE_OK)
    fail(handle_.get(), sql);
  // A statement that is still being read further up the stack gets a twin that lives only this once.
  owned = cached != cache_.end();
  if (!owned) cache_.emplace(sql, statement);
  return statement;
}

int Db::changes() const { return sqlite3_changes(handle_.get()); }

void Db::checkpoint() {
  sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
}

void Db::script(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(handle_.get(), "script");
}

Transaction::Transaction(Db& db) : db_(db) { db_.run("SAVEPOINT work"); }

Transaction::~Transaction() {
  if (!open_) return;
  try {
    db_.run("ROLLBACK TO work");
    db_.run("RELEASE work");
  } catch (const DbError&) {
    // The connection is broken then; the next statement says so.
  }
}

void Transaction::commit() {
  db_.run("RELEASE work");
  open_ = false;
}

}  // namespace refcloud
