// A thin wrapper around SQLite: prepared statements are cached, a failure is an exception (DbError),
// because a cloud whose store fails cannot answer anything but 500.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace refcloud {

struct DbError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A running statement; its rows are read front to back. Must not outlive its Db.
class Query {
 public:
  template <class... Args>
  Query(sqlite3* db, sqlite3_stmt* statement, bool owned, const Args&... args)
      : db_(db), statement_(statement), owned_(owned) {
    int index = 0;
    (bind(++index, args), ...);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  /// Steps to the next row; false at the end.
  bool next();
  std::string text(int column) const;
  std::int64_t integer(int column) const;
  bool is_null(int column) const;
  std::optional<std::string> optional_text(int column) const;

  void bind(int index, std::string_view);
  void bind(int index, std::int64_t);
  void bind(int index, std::nullptr_t);
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    value ? bind(index, *value) : bind(index, nullptr);
  }

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_;
  bool owned_;
};

class Db {
 public:
  /// `path` may be ":memory:".
  explicit Db(const std::string& path);
  Db(Db&&) noexcept = default;
  ~Db();

  /// A statement with its parameters bound, in order. `sql` should be a literal: it is the key of the
  /// statement cache.
  template <class... Args>
  Query query(std::string_view sql, const Args&... args) {
    bool owned = false;
    sqlite3_stmt* const statement = prepare(sql, owned);
    return Query(handle_.get(), statement, owned, args...);
  }
  /// Runs a statement that gives no rows; returns how many rows it changed.
  template <class... Args>
  int run(std::string_view sql, const Args&... args) {
    query(sql, args...).next();
    return changes();
  }
  /// Moves the write-ahead log into the file, synced, and empties it: what was deleted is then in neither.
  /// Best effort: does nothing inside of a transaction.
  void checkpoint();
  /// Several statements without parameters.
  void script(const std::string& sql);

 private:
  sqlite3_stmt* prepare(std::string_view sql, bool& owned);
  int changes() const;

  struct Close {
    void operator()(sqlite3*) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string, sqlite3_stmt*, std::less<>> cache_;
};

/// A transaction; rolls back unless committed. Inside another one it is a savepoint.
class Transaction {
 public:
  explicit Transaction(Db&);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Db& db_;
  bool open_ = true;
};

}  // namespace refcloud
