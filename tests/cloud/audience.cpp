#include "tests/cloud/audience.hpp"

#include <algorithm>

#include "tests/cloud/accounts.hpp"
#include "tests/cloud/address.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/limits.hpp"
#include "tests/cloud/publish.hpp"

namespace refcloud {
namespace {

json::object as_json(const AudienceSetting& setting) {
  json::array invited;
  for (const auto& login : setting.invited) invited.emplace_back(login);
  return {{"audience", setting.audience}, {"invited", std::move(invited)}};
}

std::vector<std::string> checked_logins(std::vector<std::string> logins) {
  for (auto& login : logins) {
    login = lower(login);
    if (!valid_login(login))
      throw Problem{422, "login-invalid",
                    "An account's name has 3 to 64 characters, plain and without blanks."};
  }
  std::sort(logins.begin(), logins.end());
  logins.erase(std::unique(logins.begin(), logins.end()), logins.end());
  if (logins.size() > most_invited)
    throw Problem{422, "too-many-invited",
                  "At most " + std::to_string(most_invited) + " accounts can be invited."};
  return logins;
}

json::value address_or_null(const std::optional<std::string>& text) {
  const auto address = text ? parse_address(*text) : std::nullopt;
  return address && address->global() ? json::value(address->text()) : json::value(nullptr);
}

}  // namespace

AudienceSetting audience_of(State& state, const std::string& device_id) {
  AudienceSetting out;
  if (auto q = state.db().query("SELECT audience FROM devices WHERE id = ?", device_id); q.next())
    out.audience = q.text(0);
  for (auto q = state.db().query("SELECT login FROM invited WHERE device = ? ORDER BY login", device_id);
       q.next();)
    out.invited.push_back(q.text(0));
  return out;
}

void set_audience(State& state, const std::string& device_id, AudienceSetting wish) {
  if (wish.audience != "everyone" && wish.audience != "invited" && wish.audience != "owner")
    throw Problem{400, "bad-member", "\"audience\" must be \"everyone\", \"invited\" or \"owner\"."};
  const auto logins = checked_logins(std::move(wish.invited));
  std::vector<std::string> fqdns;
  if (const auto name = name_of(state, device_id)) fqdns.push_back(state.fqdn(*name));
  publish(state, fqdns, IfDnsFails::refuse, [&] {
    state.db().run("UPDATE devices SET audience = ? WHERE id = ?", wish.audience, device_id);
    state.db().run("DELETE FROM invited WHERE device = ?", device_id);
    for (const auto& login : logins) state.db().run("INSERT INTO invited VALUES(?, ?)", device_id, login);
    add_event(state, device_id, "audience-changed");
  });
}

Reply get_audience(State& state, const Call& call) {
  return json_response(200, as_json(audience_of(state, call.device->id)));
}

Reply put_audience(State& state, const Call& call) {
  const auto body = parse_object(call.request.body);
  only_members(body, {"audience", "invited"});
  AudienceSetting wish{text_member(body, "audience")};
  const auto* const list = body.if_contains("invited");
  if (!list || !list->is_array())
    throw Problem{400, "bad-member", "\"invited\" must be an array of strings."};
  for (const auto& item : list->get_array()) {
    if (!item.is_string()) throw Problem{400, "bad-member", "\"invited\" must be an array of strings."};
    wish.invited.emplace_back(item.get_string());
  }
  set_audience(state, call.device->id, std::move(wish));
  return get_audience(state, call);
}

json::object look_up(State& state, const std::string& account, std::string_view wanted) {
  // Who tries names one by one is slow at it; who asks for a NAS that is there may ask more often.
  limit(state, "lookup miss", account, state.settings.lookup_misses, 10 * minute);
  limit(state, "lookup", account, 10 * state.settings.lookup_misses, 10 * minute);
  auto name = lower(wanted);
  if (const auto zone = '.' + state.settings.zone; name.ends_with(zone))
    name.resize(name.size() - zone.size());
  auto q = state.db().query(
      "SELECT r.ipv4, r.ipv6 FROM names n JOIN devices d ON d.id = n.device LEFT JOIN ddns r ON r.device = "
      "d.id "
      "WHERE n.name = ?1 AND d.revoked IS NULL AND (d.account = ?2 OR d.audience = 'everyone' OR "
      "(d.audience = 'invited' AND EXISTS(SELECT 1 FROM invited i WHERE i.device = d.id AND i.login = ?2)))",
      name, account);
  const bool found = q.next();
  count_attempt(state, found ? "lookup" : "lookup miss", account);
  if (!found) throw Problem{404, "not-found", "There is no NAS of this name that this account may look up."};
  return {{"name", name},
          {"fqdn", state.fqdn(name)},
          {"addresses", json::object{{"ipv4", address_or_null(q.optional_text(0))},
                                     {"ipv6", address_or_null(q.optional_text(1))}}}};
}

Reply get_lookup(State& state, const Call& call) {
  return json_response(200, look_up(state, call.account, call.parameter));
}

}  // namespace refcloud
