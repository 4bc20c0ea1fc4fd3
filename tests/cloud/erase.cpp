#include <algorithm>

#include "tests/cloud/erasure.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/publish.hpp"

namespace refcloud {

json::object retained(std::string_view what, std::string_view why, std::string_view legal_basis,
                      Seconds until) {
  return {{"what", what}, {"why", why}, {"legal_basis", legal_basis}, {"until", rfc3339(until)}};
}

std::string sign_receipt(State& state, const json::object& payload) {
  const json::object head{{"alg", "EdDSA"}, {"typ", "erasure-receipt+jwt"}, {"kid", state.keys.receipt_kid}};
  const auto text = base64url(json::serialize(head)) + '.' + base64url(json::serialize(payload));
  return text + '.' + base64url(sign_ed25519(state.keys.receipt_key.get(), text));
}

json::array erased_stores(State& state, const std::string& receipt_id,
                          const std::vector<StoreRecords>& stores, Seconds backups_end) {
  json::array out;
  for (const auto& [name, records] : stores) {
    out.push_back(json::object{{"name", name},
                               {"records", records.size()},
                               {"content_sha256", sha256_hex(canonical(records))},
                               {"deleted_at", rfc3339(state.now())},
                               {"backup_expires_at", rfc3339(backups_end)}});
    if (!records.empty())
      state.db().run("INSERT INTO backups VALUES(?, ?, ?, ?, ?)", receipt_id, name,
                     static_cast<std::int64_t>(records.size()), state.now(), backups_end);
  }
  return out;
}

namespace {

constexpr Seconds six_months = 180 * day;

// The serial numbers go to the revocation list, the thumbprints become tombstones; both end by themselves.
Seconds bury(State& state, const Erasure& order, Seconds until) {
  Seconds last = state.now();
  for (auto q =
           state.db().query("SELECT serial, not_after FROM certificates WHERE device = ? AND not_after >= ?",
                            order.device_id, state.now());
       q.next();) {
    state.db().run("INSERT OR REPLACE INTO revoked_certificates VALUES(?, ?, ?)", q.text(0), state.now(),
                   q.integer(1));
    last = std::max(last, q.integer(1));
  }
  for (auto q = state.db().query("SELECT jkt FROM keys WHERE device = ?", order.device_id); q.next();)
    state.db().run("INSERT OR REPLACE INTO tombstones VALUES(?, ?, ?)", sha256_hex(q.text(0)), order.id,
                   until);
  return last;
}

std::string erase_in_transaction(State& state, const Erasure& order) {
  const auto now = state.now();
  const bool everything = order.scope == Scope::registration;
  // Six months count from the order, not from when it arrived. A clock that runs ahead on the NAS buys
  // nothing.
  const auto ordered = std::min(order.submitted, now);
  const auto backups_end =
      std::max(now, std::min(now + state.settings.backup_lifetime, ordered + six_months));
  const auto receipt_end = std::max(now + 30 * day, ordered + state.settings.receipt_lifetime);

  std::vector<StoreRecords> stores;
  for (const auto scope : all_scopes)
    if (everything || scope == order.scope)
      for (auto& store : records_of_scope(state, order.device_id, scope)) stores.push_back(std::move(store));

  auto store_list = erased_stores(state, order.id, stores, backups_end);

  json::array kept{
      retained("erasure_receipt", "This receipt, to answer a repeated order and to prove the erasure.",
               "GDPR Art. 5(2)", receipt_end),
      retained(
          "access_log",
          "Time, endpoint, status and source address of requests, to find abuse; no device and no account.",
          "GDPR Art. 6(1)(f)", now + state.settings.log_lifetime)};
  if (everything) {
    const auto revoked_until = bury(state, order, receipt_end);
    kept.push_back(
        retained("other", "A hash of the key's thumbprint, to tell this NAS that it is no longer registered.",
                 "GDPR Art. 5(2)", receipt_end));
    kept.push_back(retained("other", "Serial numbers of revoked certificates, in the revocation list.",
                            "GDPR Art. 32", revoked_until));
  }
  for (const auto scope : all_scopes)
    if (everything || scope == order.scope) delete_scope(state, order.device_id, scope);

  json::object payload{{"iss", "https://" + state.settings.host},
                       {"sub", order.jkt},
                       {"jti", random_uuid(state.rng)},
                       {"iat", now},
                       {"device_id", order.device_id},
                       {"subject_request_id", order.id},
                       {"scope", json::array{json::value(to_text(order.scope))}}};
  if (order.request_sha256) payload["request_sha256"] = *order.request_sha256;
  payload["submitted_time"] = rfc3339(order.submitted);
  payload["status"] = "completed";
  payload["stores"] = std::move(store_list);
  payload["recipients"] = json::array{};
  payload["retained"] = std::move(kept);
  auto receipt = sign_receipt(state, payload);
  state.db().run("INSERT INTO receipts VALUES(?, ?, ?, ?)", order.id, order.request_sha256, receipt,
                 receipt_end);
  return receipt;
}

}  // namespace

std::string erase(State& state, const Erasure& order, bool or_later) {
  std::vector<std::string> fqdns;
  if (const auto name = name_of(state, order.device_id)) fqdns.push_back(state.fqdn(*name));
  std::string receipt;
  publish(state, fqdns, or_later ? IfDnsFails::keep : IfDnsFails::refuse,
          [&] { receipt = erase_in_transaction(state, order); });
  if (order.scope == Scope::registration) state.changed.insert(order.device_id);
  return receipt;
}

std::optional<SignedReceipt> erase_for_account(State& state, const std::string& device_id, Scope scope) {
  Erasure order{device_id, {}, random_uuid(state.rng), scope, std::nullopt, state.now()};
  // The key in use, or the last one that was.
  if (auto q = state.db().query(
          "SELECT jkt FROM keys WHERE device = ? ORDER BY state = 'active' DESC, since DESC LIMIT 1",
          device_id);
      q.next())
    order.jkt = q.text(0);
  else
    return std::nullopt;
  auto receipt = erase(state, order, true);
  state.db().checkpoint();
  if (scope == Scope::registration) {
    state.heartbeats.erase(device_id);
    ++state.stats.removals;
  }
  return SignedReceipt{order.id, std::move(receipt)};
}

}  // namespace refcloud
