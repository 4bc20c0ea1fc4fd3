#include "tests/cloud/records.hpp"

#include "tests/cloud/handlers.hpp"

namespace refcloud {
namespace {

struct Kept {
  Scope scope;
  const char* name;
  const char* select;  ///< parameter: the device id
  const char* remove;
  json::object (*record)(const Query&);
};

json::value time_or_null(const Query& q, int column) {
  return q.is_null(column) ? json::value(nullptr) : json::value(rfc3339(q.integer(column)));
}

constexpr Kept kept[] = {
    {Scope::ddns, "ddns", "SELECT ipv4, ipv6, updated, revision FROM ddns WHERE device = ?",
     "DELETE FROM ddns WHERE device = ?",
     [](const Query& q) {
       return json::object{{"ipv4", or_null(q.optional_text(0))},
                           {"ipv6", or_null(q.optional_text(1))},
                           {"updated", rfc3339(q.integer(2))},
                           {"revision", q.integer(3)}};
     }},
    {Scope::ddns, "update_token",
     "SELECT token_hash, made, used, blocked FROM update_tokens WHERE device = ?",
     "DELETE FROM update_tokens WHERE device = ?",
     [](const Query& q) {
       return json::object{{"token_sha256", q.text(0)},
                           {"made", rfc3339(q.integer(1))},
                           {"used", time_or_null(q, 2)},
                           {"blocked", time_or_null(q, 3)}};
     }},
    {Scope::link, "attachment", "SELECT relay, seen, since FROM attachments WHERE device = ? ORDER BY relay",
     "DELETE FROM attachments WHERE device = ?",
     [](const Query& q) {
       return json::object{{"relay", q.text(0)}, {"seen", q.text(1)}, {"since", rfc3339(q.integer(2))}};
     }},
    {Scope::registration, "name", "SELECT name, claimed FROM names WHERE device = ?",
     "DELETE FROM names WHERE device = ?",
     [](const Query& q) {
       return json::object{{"name", q.text(0)}, {"claimed", rfc3339(q.integer(1))}};
     }},
    {Scope::registration, "invited", "SELECT login FROM invited WHERE device = ? ORDER BY login",
     "DELETE FROM invited WHERE device = ?",
     [](const Query& q) {
       return json::object{{"login", q.text(0)}};
     }},
    {Scope::registration, "notice", "SELECT type, time, text FROM events WHERE device = ? ORDER BY id",
     "DELETE FROM events WHERE device = ?",
     [](const Query& q) {
       return json::object{
           {"type", q.text(0)}, {"time", rfc3339(q.integer(1))}, {"text", or_null(q.optional_text(2))}};
     }},
    {Scope::registration, "certificate",
     "SELECT serial, not_before, not_after FROM certificates WHERE device = ? ORDER BY not_after, serial",
     "DELETE FROM certificates WHERE device = ?",
     [](const Query& q) {
       return json::object{{"serial", q.text(0)},
                           {"not_before", rfc3339(q.integer(1))},
                           {"not_after", rfc3339(q.integer(2))}};
     }},
    {Scope::registration, "key",
     "SELECT jkt, point, state, since, presented FROM keys WHERE device = ? ORDER BY since, jkt",
     "DELETE FROM keys WHERE device = ?",
     [](const Query& q) {
       return json::object{{"jkt", q.text(0)},
                           {"public_key", q.text(1)},
                           {"state", q.text(2)},
                           {"since", rfc3339(q.integer(3))},
                           {"presented", time_or_null(q, 4)}};
     }},
    {Scope::registration, "device",
     "SELECT id, account, model, device_name, serial_tail, registered, audience, revoked FROM devices WHERE "
     "id = ?",
     "DELETE FROM devices WHERE id = ?",
     [](const Query& q) {
       return json::object{{"device_id", q.text(0)},   {"account", q.text(1)},
                           {"model", q.text(2)},       {"device_name", q.text(3)},
                           {"serial_tail", q.text(4)}, {"registered", rfc3339(q.integer(5))},
                           {"audience", q.text(6)},    {"revoked", time_or_null(q, 7)}};
     }},
};

}  // namespace

std::vector<StoreRecords> records_of_scope(State& state, const std::string& device_id, Scope scope) {
  std::vector<StoreRecords> out;
  for (const auto& store : kept) {
    if (store.scope != scope) continue;
    StoreRecords found{store.name, {}};
    for (auto q = state.db().query(store.select, device_id); q.next();)
      found.records.push_back(store.record(q));
    out.push_back(std::move(found));
  }
  return out;
}

void delete_scope(State& state, const std::string& device_id, Scope scope) {
  for (const auto& store : kept)
    if (store.scope == scope) state.db().run(store.remove, device_id);
}

std::optional<Scope> parse_scope(std::string_view text) {
  for (const auto scope : all_scopes)
    if (text == to_text(scope)) return scope;
  return std::nullopt;
}

std::string_view to_text(Scope scope) {
  switch (scope) {
    case Scope::ddns:
      return "ddns";
    case Scope::link:
      return "link";
    case Scope::registration:
      return "registration";
  }
  return "";
}

}  // namespace refcloud
