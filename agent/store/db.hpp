// SQLite, narrowed: open with migrations, statements with typed arguments, transactions.
// Two files behind one handle: the state (durable, full sync, rarely written) and the spool
// (tmpfs, no sync, a lost one is a recorded gap). Errors: store.unusable (open), store.failed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace qcloud {

class Row {
 public:
  std::int64_t number(int column) const;
  std::string text(int column) const;
  bool null(int column) const;

 private:
  friend class Db;
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_;
};

// What a statement can be given; strings are copied by SQLite before run() returns.
struct Arg {
  enum class Kind { null, number, text } kind = Kind::null;
  std::int64_t number = 0;
  std::string_view text;

  Arg(std::nullptr_t) {}
  Arg(std::nullopt_t) {}
  Arg(std::int64_t v) : kind(Kind::number), number(v) {}
  Arg(std::uint64_t v) : kind(Kind::number), number(static_cast<std::int64_t>(v)) {}
  Arg(int v) : kind(Kind::number), number(v) {}
  Arg(bool v) : kind(Kind::number), number(v) {}
  Arg(std::string_view v) : kind(Kind::text), text(v) {}
  Arg(const std::string& v) : kind(Kind::text), text(v) {}
  Arg(const char* v) : kind(Kind::text), text(v) {}
};

class Db {
 public:
  struct Options {
    std::string state_path;
    std::string spool_path;
    std::string vfs;  // empty: the system's; the simulation brings one that cuts power
  };
  // Runs the migrations. A damaged state is kept under another name, a new one begun, and that noted
  // (note_damaged in meta.hpp). Everything else that cannot be used (of a newer version, of another
  // program, locked, read-only, no plain file) is refused and left as it is: store.unusable.
  static Result<std::unique_ptr<Db>> open(Options options);
  ~Db();
  Db(const Db&) = delete;

  using Each = std::function<void(const Row&)>;
  Status run(const char* sql, std::initializer_list<Arg> args = {}, const Each& each = nullptr);
  std::optional<std::string> text(const char* sql, std::initializer_list<Arg> args = {});
  std::int64_t number(const char* sql, std::initializer_list<Arg> args = {}, std::int64_t absent = 0);

  // All of `work` or nothing of it. The change is on the disk when this returns without error.
  Status transaction(const std::function<Status()>& work);

 private:
  explicit Db(sqlite3* handle);
  static Result<std::unique_ptr<Db>> open_once(const Options& options);
  Status attach_spool(const Options& options);
  struct Cache;
  sqlite3* handle_;
  std::unique_ptr<Cache> cache_;
  int depth_ = 0;
};

}  // namespace qcloud
