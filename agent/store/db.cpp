#include "agent/store/db.hpp"

#include <sqlite3.h>

#include <map>

namespace qcloud {
namespace {

Error failed(sqlite3* handle, std::string_view doing) {
  int code = sqlite3_errcode(handle);
  Error error{"store.failed", Retry::retry_later, std::string(doing) + ": " + sqlite3_errmsg(handle), ""};
  if (code == SQLITE_FULL) {
    error.code = "store.full";
    error.fix = "Free some space on the volume that holds the agent's state.";
  } else if (code == SQLITE_READONLY) {
    error.code = "store.read_only";
    error.fix = "Make the agent's state folder writable.";
  }
  return error;
}

}  // namespace

std::int64_t Row::number(int column) const { return sqlite3_column_int64(statement_, column); }
std::string Row::text(int column) const {
  auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return data ? std::string(data, static_cast<size_t>(sqlite3_column_bytes(statement_, column)))
              : std::string();
}
bool Row::null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

// Statements are kept by the address of their literal: the SQL of this agent is a closed set.
struct Db::Cache {
  std::map<const char*, sqlite3_stmt*> statements;
  ~Cache() {
    for (auto& [sql, statement] : statements) sqlite3_finalize(statement);
  }
};

Db::Db(sqlite3* handle) : handle_(handle), cache_(std::make_unique<Cache>()) {}

Db::~Db() {
  cache_.reset();
  sqlite3_close(handle_);
}

Status Db::run(const char* sql, std::initializer_list<Arg> args, const Each& each) {
  sqlite3_stmt*& kept = cache_->statements[sql];
  if (!kept && sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &kept, nullptr) != SQLITE_OK)
    return failed(handle_, "read the state");
  // Inside its own rows the same statement needs a second one.
  std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> second(nullptr, sqlite3_finalize);
  sqlite3_stmt* statement = kept;
  if (sqlite3_stmt_busy(kept)) {
    if (sqlite3_prepare_v3(handle_, sql, -1, 0, &statement, nullptr) != SQLITE_OK)
      return failed(handle_, "read the state");
    second.reset(statement);
  }
  int at = 1;
  for (const Arg& arg : args) {
    if (arg.kind == Arg::Kind::number)
      sqlite3_bind_int64(statement, at, arg.number);
    else if (arg.kind == Arg::Kind::text)
      sqlite3_bind_text(statement, at, arg.text.data(), static_cast<int>(arg.text.size()), SQLITE_STATIC);
    else
      sqlite3_bind_null(statement, at);
    ++at;
  }
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW)
    if (each) each(Row(statement));
  Status status;
  if (code != SQLITE_DONE) status = failed(handle_, "write the state");
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return status;
}

std::optional<std::string> Db::text(const char* sql, std::initializer_list<Arg> args) {
  std::optional<std::string> value;
  auto status = run(sql, args, [&](const Row& row) {
    if (!value && !row.null(0)) value = row.text(0);
  });
  return status ? value : std::nullopt;
}

std::int64_t Db::number(const char* sql, std::initializer_list<Arg> args, std::int64_t absent) {
  std::optional<std::int64_t> value;
  auto status = run(sql, args, [&](const Row& row) {
    if (!value && !row.null(0)) value = row.number(0);
  });
  return status ? value.value_or(absent) : absent;
}

Status Db::transaction(const std::function<Status()>& work) {
  if (depth_ > 0) return work();  // part of the outer one
  if (auto status = run("BEGIN IMMEDIATE"); !status) return status;
  ++depth_;
  Status status;
  try {
    status = work();
  } catch (...) {  // a bug; but no half of it may stay, nor keep later decisions from the disk
    --depth_;
    (void)run("ROLLBACK");
    throw;
  }
  if (status) status = run("COMMIT");
  --depth_;
  if (!status && !sqlite3_get_autocommit(handle_)) {
    // The first error is the one to tell; a failed rollback is retried by the next open.
    if (auto undone = run("ROLLBACK"); !undone && status) return undone;
  }
  return status;
}

}  // namespace qcloud
