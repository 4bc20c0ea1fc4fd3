// Small facts that must survive: the ledger's run marker, the time floor, notes for the owner.
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

// Notes: what happened to the registration while nobody looked, shown until the next one.
// Removed on the account's page: when. Not by whom: the box may be sold.
inline constexpr const char* note_removed = "note.removed";
// The state was damaged and set aside: as which file.
inline constexpr const char* note_damaged = "note.damaged";
inline Status forget_notes(Db& db) {
  if (!get_meta(db, note_removed) && !get_meta(db, note_damaged)) return {};
  return db.run("DELETE FROM meta WHERE key IN (?,?)", {note_removed, note_damaged});
}

}  // namespace qcloud
