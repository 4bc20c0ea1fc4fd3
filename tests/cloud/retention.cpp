// Deletes what has passed its date (promises K1, K2). One line a table; a table without a line is kept until
// its owner erases it.
#include "tests/cloud/retention.hpp"

#include "tests/cloud/erasure.hpp"

namespace refcloud {

void retain(State& state) {
  const auto now = state.now();
  auto& db = state.db();
  Transaction transaction(db);
  db.run("DELETE FROM access_log WHERE time <= ?", now - state.settings.log_lifetime);
  db.run("DELETE FROM attempts WHERE time <= ?", now - hour);
  // An hour longer than they are good, so that a late poll hears "expired" rather than "unknown".
  db.run("DELETE FROM device_codes WHERE expires <= ?", now - hour);
  db.run("DELETE FROM access_tokens WHERE expires <= ?", now);
  db.run("DELETE FROM lookup_tokens WHERE expires <= ?", now);
  db.run("DELETE FROM sessions WHERE expires <= ?", now);
  db.run("DELETE FROM events WHERE time <= ?", now - state.settings.event_lifetime);
  db.run("DELETE FROM certificates WHERE not_after <= ?", now);
  db.run("DELETE FROM revoked_certificates WHERE not_after <= ?", now);
  db.run("DELETE FROM keys WHERE state = 'superseded' AND since <= ?", now - 180 * day);
  db.run("DELETE FROM receipts WHERE expires <= ?", now);
  db.run("DELETE FROM tombstones WHERE expires <= ?", now);
  db.run("DELETE FROM backups WHERE expires <= ?", now);
  transaction.commit();

  // Registrations that were never completed: the box was cut off before it could keep its certificate, forgot
  // the key, and will never come with it. The first certificate has ended unused.
  std::vector<std::string> abandoned;
  for (auto q = db.query(
           "SELECT device FROM keys k WHERE state = 'pending' AND since <= ? AND NOT EXISTS(SELECT 1 "
           "FROM keys o WHERE o.device = k.device AND o.state != 'pending')",
           now - state.settings.certificate_lifetime);
       q.next();)
    abandoned.push_back(q.text(0));
  for (const auto& device : abandoned) erase_for_account(state, device, Scope::registration);
}

}  // namespace refcloud
