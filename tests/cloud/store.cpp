#include "tests/cloud/store.hpp"

#include <vector>

namespace refcloud {
namespace {

// Secrets that the cloud only has to recognize (session, device code, access token) are stored as SHA-256.
constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS accounts(
  login TEXT PRIMARY KEY, password TEXT NOT NULL, created INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sessions(
  token_hash TEXT PRIMARY KEY, account TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;

-- Failed tries, for rate limits. `subject` is a hash of account and address.
CREATE TABLE IF NOT EXISTS attempts(kind TEXT NOT NULL, subject TEXT NOT NULL, time INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS attempts_of ON attempts(kind, subject, time);

-- RFC 8628. client: qcloud-nas, qcloud-lookup. state: pending, approved, denied. poll_interval in seconds.
CREATE TABLE IF NOT EXISTS device_codes(
  code_hash TEXT PRIMARY KEY, user_code TEXT NOT NULL UNIQUE, client TEXT NOT NULL, model TEXT NOT NULL, device_name TEXT NOT NULL,
  serial_tail TEXT NOT NULL, expires INTEGER NOT NULL, poll_interval INTEGER NOT NULL, last_poll INTEGER,
  state TEXT NOT NULL, account TEXT) STRICT;
CREATE TABLE IF NOT EXISTS access_tokens(
  token_hash TEXT PRIMARY KEY, account TEXT NOT NULL, model TEXT NOT NULL, device_name TEXT NOT NULL,
  serial_tail TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
-- What a program may do with such a token is another thing than enrolling, so it is another table.
CREATE TABLE IF NOT EXISTS lookup_tokens(
  token_hash TEXT PRIMARY KEY, account TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS devices(
  id TEXT PRIMARY KEY, account TEXT NOT NULL, model TEXT NOT NULL, device_name TEXT NOT NULL,
  serial_tail TEXT NOT NULL, registered INTEGER NOT NULL, revoked INTEGER, audience TEXT NOT NULL DEFAULT 'everyone') STRICT;
CREATE INDEX IF NOT EXISTS devices_of ON devices(account);
-- state: pending (issued, not yet presented), active, superseded. presented: a superseded key was seen then.
CREATE TABLE IF NOT EXISTS keys(
  jkt TEXT PRIMARY KEY, device TEXT NOT NULL, point TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL,
  presented INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS keys_of ON keys(device);
CREATE TABLE IF NOT EXISTS certificates(
  serial TEXT PRIMARY KEY, device TEXT NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS certificates_of ON certificates(device);
CREATE TABLE IF NOT EXISTS names(name TEXT PRIMARY KEY, device TEXT NOT NULL UNIQUE, claimed INTEGER NOT NULL) STRICT;
-- Accounts that the owner lets look the NAS up, as typed; some may not exist.
CREATE TABLE IF NOT EXISTS invited(device TEXT NOT NULL, login TEXT NOT NULL, PRIMARY KEY(device, login)) STRICT;
CREATE INDEX IF NOT EXISTS invited_by_login ON invited(login);
-- For dyndns2 clients, one at most for the name that the device has now. blocked: abused, refused until then.
CREATE TABLE IF NOT EXISTS update_tokens(
  device TEXT PRIMARY KEY, token_hash TEXT NOT NULL, made INTEGER NOT NULL, used INTEGER, blocked INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS ddns(
  device TEXT PRIMARY KEY, ipv4 TEXT, ipv6 TEXT, updated INTEGER NOT NULL, revision INTEGER NOT NULL) STRICT;
-- The relays that run, and to which of them a device is attached; a relay that starts again begins with none.
CREATE TABLE IF NOT EXISTS relays(name TEXT PRIMARY KEY, ipv4 TEXT, ipv6 TEXT, started INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS attachments(
  device TEXT NOT NULL, relay TEXT NOT NULL, seen TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY(device, relay)) STRICT;
-- Those of them that have said nothing for a minute: names do not lead there.
CREATE TABLE IF NOT EXISTS silent_relays(name TEXT PRIMARY KEY) STRICT;
-- Names below which every other name leads to the relay, too.
CREATE TABLE IF NOT EXISTS wildcards(fqdn TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS events(
  id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, type TEXT NOT NULL, time INTEGER NOT NULL, text TEXT) STRICT;
CREATE INDEX IF NOT EXISTS events_of ON events(device, id);

-- What outlives a device: the serial numbers of the revocation list, the receipts, and that backups hold its data.
CREATE TABLE IF NOT EXISTS revoked_certificates(serial TEXT PRIMARY KEY, revoked INTEGER NOT NULL, not_after INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS receipts(
  id TEXT PRIMARY KEY, request_sha256 TEXT, jws TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
-- Recognizes a key of a device that is gone; holds only SHA-256 of its thumbprint.
CREATE TABLE IF NOT EXISTS tombstones(key_hash TEXT PRIMARY KEY, receipt TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS backups(
  receipt TEXT NOT NULL, store TEXT NOT NULL, records INTEGER NOT NULL, deleted INTEGER NOT NULL, expires INTEGER NOT NULL) STRICT;

-- Orders that were accepted while DNS did not answer.
CREATE TABLE IF NOT EXISTS pending_erasures(id TEXT PRIMARY KEY, jws TEXT NOT NULL, received INTEGER NOT NULL) STRICT;
-- Names whose DNS records may differ from what the store says; tick() makes them agree.
CREATE TABLE IF NOT EXISTS dns_dirty(fqdn TEXT PRIMARY KEY) STRICT;
-- No device id and no account: an address, and what it asked for.
CREATE TABLE IF NOT EXISTS access_log(
  time INTEGER NOT NULL, method TEXT NOT NULL, route TEXT NOT NULL, status INTEGER NOT NULL, address TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS access_log_by_time ON access_log(time);
)sql";

}  // namespace

Store::Store(const std::string& path) : db(path) {
  bool old = false;
  {
    auto q = db.query("PRAGMA user_version");
    old = q.next() && q.integer(0) < 2;
  }
  // Codes live for ten minutes: a file of an older shape just forgets them.
  if (old) db.script("DROP TABLE IF EXISTS device_codes; PRAGMA user_version = 2;");
  db.script(schema);
}

std::map<std::string, int> Store::rows_with(std::string_view needle) {
  std::vector<std::string> tables;
  for (auto q = db.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
       q.next();)
    tables.push_back(q.text(0));
  std::map<std::string, int> found;
  for (const auto& table : tables) {
    std::string where;
    for (auto q = db.query("SELECT name FROM pragma_table_info(?)", table); q.next();)
      where.append(where.empty() ? "" : " OR ")
          .append("instr(CAST(\"")
          .append(q.text(0))
          .append("\" AS TEXT), ?1) > 0");
    std::string sql = "SELECT count(*) FROM \"";
    auto count = db.query(sql.append(table).append("\" WHERE ").append(where), needle);
    if (count.next() && count.integer(0) > 0) found[table] = static_cast<int>(count.integer(0));
  }
  return found;
}

}  // namespace refcloud
