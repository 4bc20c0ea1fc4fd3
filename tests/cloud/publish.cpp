#include "tests/cloud/publish.hpp"

namespace refcloud {
namespace {

json::array strings(const std::vector<std::string>& in) {
  json::array out;
  for (const auto& text : in) out.emplace_back(text);
  return out;
}

Audience audience(const std::string& text) {
  if (text == "invited") return Audience::invited;
  if (text == "owner") return Audience::owner;
  return Audience::everyone;
}

// `again`: an earlier try may have got through, although nobody heard of it.
bool tell(State& state, const std::vector<std::string>& fqdns, bool again) {
  std::vector<NameRecords> wanted;
  wanted.reserve(fqdns.size());
  std::vector<std::string> below;
  for (const auto& fqdn : fqdns) {
    wanted.push_back({fqdn, records_of(state, fqdn)});
    // Services have names of their own below the box's: they are reached through the relay alone.
    auto relay = relay_of(state, fqdn);
    const bool had = state.db().query("SELECT 1 FROM wildcards WHERE fqdn = ?", fqdn).next();
    if (relay == Records{} && !had && !again) continue;
    if (relay == Records{})
      below.push_back(fqdn);
    else
      state.db().run("INSERT OR IGNORE INTO wildcards VALUES(?)", fqdn);
    wanted.push_back({"*." + fqdn, std::move(relay)});
  }
  if (!state.dns.replace(wanted)) {
    ++state.stats.dns_failures;
    return false;
  }
  for (const auto& fqdn : below) state.db().run("DELETE FROM wildcards WHERE fqdn = ?", fqdn);
  for (const auto& fqdn : fqdns) state.db().run("DELETE FROM dns_dirty WHERE fqdn = ?", fqdn);
  return true;
}

}  // namespace

void publish(State& state, const std::vector<std::string>& fqdns, IfDnsFails on_failure,
             const std::function<void()>& change) {
  for (const auto& fqdn : fqdns) state.db().run("INSERT OR IGNORE INTO dns_dirty VALUES(?)", fqdn);
  Transaction transaction(state.db());
  change();
  if (!fqdns.empty() && !tell(state, fqdns, false) && on_failure == IfDnsFails::refuse)
    throw unavailable("dns-unavailable", "The DNS server does not answer; nothing was changed.", 30);
  transaction.commit();
}

Records records_of(State& state, const std::string& fqdn) {
  const auto suffix = '.' + state.settings.zone;
  if (!fqdn.ends_with(suffix)) return {};
  auto q = state.db().query(
      "SELECT d.revoked, d.audience, r.ipv4, r.ipv6 FROM names n JOIN devices d ON d.id = n.device LEFT JOIN "
      "ddns r ON r.device = d.id WHERE n.name = ?",
      fqdn.substr(0, fqdn.size() - suffix.size()));
  if (!q.next()) return {};
  RecordInputs in;
  in.registered = q.is_null(0);
  in.audience = audience(q.text(1));
  if (!q.is_null(2)) in.direct_ipv4 = parse_address(q.text(2));
  if (!q.is_null(3)) in.direct_ipv6 = parse_address(q.text(3));
  if (auto relay = relay_of(state, fqdn); relay != Records{}) in.relay = std::move(relay);
  return derive_records(in);
}

Records relay_of(State& state, const std::string& fqdn) {
  Records out;
  const auto suffix = '.' + state.settings.zone;
  if (!fqdn.ends_with(suffix)) return out;
  for (auto q = state.db().query(
           "SELECT r.ipv4, r.ipv6 FROM names n JOIN devices d ON d.id = n.device JOIN "
           "attachments a ON a.device = d.id "
           "JOIN relays r ON r.name = a.relay WHERE n.name = ? AND d.revoked IS NULL AND "
           "d.audience = 'everyone' AND r.name NOT IN (SELECT name FROM silent_relays) ORDER BY r.name",
           fqdn.substr(0, fqdn.size() - suffix.size()));
       q.next();) {
    if (!q.is_null(0)) out.a.push_back(q.text(0));
    if (!q.is_null(1)) out.aaaa.push_back(q.text(1));
  }
  return out;
}

std::optional<std::string> name_of(State& state, const std::string& device_id) {
  auto q = state.db().query("SELECT name FROM names WHERE device = ?", device_id);
  if (!q.next()) return std::nullopt;
  return q.text(0);
}

void add_published(State& state, const std::string& device_id, json::object& out) {
  const auto name = name_of(state, device_id);
  Records records;
  if (name) records = records_of(state, state.fqdn(*name));
  out["fqdn"] = name ? json::value(state.fqdn(*name)) : json::value(nullptr);
  out["published"] = json::object{{"a", strings(records.a)}, {"aaaa", strings(records.aaaa)}};
  // What the NAS said last: it compares, and never reports the same twice.
  json::object reported{{"ipv4", nullptr}, {"ipv6", nullptr}};
  if (auto q = state.db().query("SELECT ipv4, ipv6 FROM ddns WHERE device = ?", device_id); q.next()) {
    reported["ipv4"] = or_null(q.optional_text(0));
    reported["ipv6"] = or_null(q.optional_text(1));
  }
  out["reported"] = std::move(reported);
}

void publish_dirty(State& state) {
  for (;;) {
    std::vector<std::string> fqdns;
    for (auto q = state.db().query("SELECT fqdn FROM dns_dirty LIMIT 50"); q.next();)
      fqdns.push_back(q.text(0));
    if (fqdns.empty() || !tell(state, fqdns, true)) return;
  }
}

}  // namespace refcloud
