// What the cloud keeps, in one SQLite file. Every column is listed in store.cpp with its reason;
// docs/openapi/cloud.yaml says which of it the owner sees in an export.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tests/cloud/db.hpp"

namespace refcloud {

class Store {
 public:
  /// Opens or creates; `path` may be ":memory:". Throws DbError.
  explicit Store(const std::string& path = ":memory:");

  Db db;

  /// For every table that has any: how many rows hold `needle` somewhere in any column, also as a part
  /// of a longer text. It reads the schema, so that a table added tomorrow is searched as well.
  std::map<std::string, int> rows_with(std::string_view needle);
};

}  // namespace refcloud
