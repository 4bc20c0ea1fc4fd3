#include "tests/cloud/erasure.hpp"

namespace refcloud {
namespace {

struct Kept {
  const char* name;
  const char* select;  ///< parameter: the login
  const char* remove;
  json::object (*record)(const Query&);
};

json::object end_of(const Query& q) { return {{"expires", rfc3339(q.integer(0))}}; }

constexpr Kept kept[] = {
    {"session", "SELECT expires FROM sessions WHERE account = ? ORDER BY expires",
     "DELETE FROM sessions WHERE account = ?", end_of},
    {"lookup_token", "SELECT expires FROM lookup_tokens WHERE account = ? ORDER BY expires",
     "DELETE FROM lookup_tokens WHERE account = ?", end_of},
    {"approval", "SELECT expires FROM device_codes WHERE account = ? ORDER BY expires",
     "DELETE FROM device_codes WHERE account = ?", end_of},
    {"approval_token", "SELECT expires FROM access_tokens WHERE account = ? ORDER BY expires",
     "DELETE FROM access_tokens WHERE account = ?", end_of},
    // In whose lists it stands: the NAS of another owner loses nothing but the entry.
    {"invitation",
     "SELECT coalesce(n.name, '') FROM invited i LEFT JOIN names n ON n.device = i.device WHERE i.login = ? "
     "ORDER BY 1",
     "DELETE FROM invited WHERE login = ?",
     [](const Query& q) {
       return json::object{{"name", q.text(0)}};
     }},
    {"account", "SELECT login, created FROM accounts WHERE login = ?", "DELETE FROM accounts WHERE login = ?",
     [](const Query& q) {
       return json::object{{"login", q.text(0)}, {"created", rfc3339(q.integer(1))}};
     }},
};

}  // namespace

std::vector<StoreRecords> records_of_account(State& state, const std::string& login) {
  std::vector<StoreRecords> out;
  for (const auto& store : kept) {
    StoreRecords found{store.name, {}};
    for (auto q = state.db().query(store.select, login); q.next();) found.records.push_back(store.record(q));
    out.push_back(std::move(found));
  }
  return out;
}

std::vector<SignedReceipt> erase_account(State& state, const std::string& login) {
  std::vector<std::string> devices;
  for (auto q = state.db().query("SELECT id FROM devices WHERE account = ? ORDER BY registered, id", login);
       q.next();)
    devices.push_back(q.text(0));
  std::vector<SignedReceipt> receipts;
  // Not in one transaction: each device is marked for DNS, deleted and withdrawn by itself.
  for (const auto& device : devices)
    if (auto receipt = erase_for_account(state, device, Scope::registration))
      receipts.push_back(std::move(*receipt));

  const auto now = state.now();
  const auto receipt_end = now + state.settings.receipt_lifetime;
  SignedReceipt own{random_uuid(state.rng), {}};
  Transaction transaction(state.db());
  auto stores =
      erased_stores(state, own.id, records_of_account(state, login), now + state.settings.backup_lifetime);
  for (const auto& store : kept) state.db().run(store.remove, login);
  own.jws = sign_receipt(
      state,
      json::object{
          {"iss", "https://" + state.settings.host},
          // A hash: the receipt can be matched with the login by who knows it, and lists nobody.
          {"sub", sha256_hex(login)},
          {"jti", random_uuid(state.rng)},
          {"iat", now},
          {"subject_request_id", own.id},
          {"scope", json::array{"account"}},
          {"submitted_time", rfc3339(now)},
          {"status", "completed"},
          {"stores", std::move(stores)},
          {"recipients", json::array{}},
          {"retained",
           json::array{retained("erasure_receipt",
                                "This receipt, with a hash of the account's name, to prove the erasure.",
                                "GDPR Art. 5(2)", receipt_end),
                       retained("access_log",
                                "Time, endpoint, status and source address of requests, to find abuse; "
                                "no device and no account.",
                                "GDPR Art. 6(1)(f)", now + state.settings.log_lifetime)}}});
  state.db().run("INSERT INTO receipts VALUES(?, ?, ?, ?)", own.id, nullptr, own.jws, receipt_end);
  transaction.commit();
  state.db().checkpoint();
  receipts.push_back(std::move(own));
  return receipts;
}

}  // namespace refcloud
