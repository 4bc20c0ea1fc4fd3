// Small facts that must survive: the ledger's run marker, the time floor.
#pragma once

#include "agent/store/db.hpp"

namespace qcloud {

inline std::optional<std::string> get_meta(Db& db, std::string_view key) {
  return db.text("SELECT value FROM meta WHERE key=?", {key});
}
inline Status set_meta(Db& db, std::string_view key, std::string_view value) {
  if (get_meta(db, key) == value) return {};  // never wake a disk for nothing
  return db.run("INSERT OR REPLACE INTO meta(key,value) VALUES(?,?)", {key, value});
}

}  // namespace qcloud
