// The state's shape, as a list of steps. A released step never changes; a new one is appended.
#pragma once

namespace qcloud::schema {

inline constexpr const char* steps[] = {
    R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- One row a feature with a switch. holds: something was sent that the cloud keeps.
CREATE TABLE switches(
  feature TEXT PRIMARY KEY, is_on INTEGER NOT NULL, changed INTEGER NOT NULL,
  holds INTEGER NOT NULL DEFAULT 0, resume INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
-- slot: current, aside (made on other hardware).
CREATE TABLE identity(
  slot TEXT PRIMARY KEY, device_id TEXT NOT NULL, account TEXT NOT NULL, key_pem TEXT NOT NULL,
  certificate_pem TEXT NOT NULL, hardware TEXT NOT NULL, registered INTEGER NOT NULL,
  name TEXT, fqdn TEXT, zone TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE orders(
  id TEXT PRIMARY KEY, scope TEXT NOT NULL, request TEXT NOT NULL, thumbprint TEXT NOT NULL,
  submitted INTEGER NOT NULL, receipt TEXT, settled INTEGER) WITHOUT ROWID;
CREATE TABLE ledger(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, feature TEXT NOT NULL, purpose TEXT, host TEXT,
  time INTEGER, fields TEXT, conn INTEGER, proto TEXT, local TEXT, remote TEXT, opened INTEGER,
  closed INTEGER, bytes_out INTEGER, bytes_in INTEGER, state TEXT);
)sql",
    R"sql(
-- What the owner set, over the configuration file. No switches and no secrets of the cloud.
CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- The name that was taken away elsewhere, until there is a new one.
ALTER TABLE identity ADD COLUMN lost TEXT NOT NULL DEFAULT '';
)sql",
    R"sql(
-- What of this box is published through the link.
CREATE TABLE link_services(
  name TEXT PRIMARY KEY, address TEXT NOT NULL, port INTEGER NOT NULL, tls TEXT NOT NULL,
  proxy_header INTEGER NOT NULL DEFAULT 0, admin_page INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
)sql",
};
inline constexpr int version = sizeof(steps) / sizeof(steps[0]);
inline constexpr const char* set_version = "PRAGMA user_version=3";
static_assert(version == 3, "set_version names the newest step");

inline constexpr const char* spool = R"sql(
CREATE TABLE IF NOT EXISTS spool.ledger(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, feature TEXT NOT NULL, purpose TEXT, host TEXT,
  time INTEGER, fields TEXT, conn INTEGER, proto TEXT, local TEXT, remote TEXT, opened INTEGER,
  closed INTEGER, bytes_out INTEGER, bytes_in INTEGER, state TEXT)
)sql";

}  // namespace qcloud::schema
