// What a registered NAS may ask about itself.
#include <set>

#include "tests/cloud/handlers.hpp"
#include "tests/cloud/publish.hpp"
#include "tests/cloud/records.hpp"

namespace refcloud {

Reply get_device(State& state, const Call& call) {
  const auto& device = *call.device;
  const auto name = name_of(state, device.id);
  auto q = state.db().query("SELECT device_name, model FROM devices WHERE id = ?", device.id);
  q.next();
  return json_response(200,
                       json::object{{"device_id", device.id},
                                    {"account", device.account},
                                    {"device_name", q.text(0)},
                                    {"device_model", q.text(1)},
                                    {"name", or_null(name)},
                                    {"fqdn", name ? json::value(state.fqdn(*name)) : json::value(nullptr)},
                                    {"zone", state.settings.zone},
                                    {"certificate_not_after", rfc3339(device.not_after)}});
}

void set_device_name(State& state, const std::string& device_id, std::string_view device_name) {
  if (!printable(device_name, 0, 64))
    throw Problem{422, "device-name-invalid", "A device's name has at most 64 bytes of text, on one line."};
  state.db().run("UPDATE devices SET device_name = ? WHERE id = ?", device_name, device_id);
}

Reply patch_device(State& state, const Call& call) {
  const auto body = parse_object(call.request.body);
  only_members(body, {"device_name"});
  set_device_name(state, call.device->id, text_member(body, "device_name"));
  return get_device(state, call);
}

Reply get_whoami(State&, const Call& call) {
  return json_response(200, json::object{{"address", call.source}});
}

Reply get_export(State& state, const Call& call) {
  std::set<Scope> wanted(std::begin(all_scopes), std::end(all_scopes));
  for (const auto& [name, value] : call.query) {
    if (name != "scope") throw Problem{400, "bad-query", "\"" + name + "\" is not known here."};
    wanted.clear();
    for (std::size_t at = 0; at <= value.size();) {
      const auto comma = std::min(value.find(',', at), value.size());
      const auto scope = parse_scope(std::string_view(value).substr(at, comma - at));
      if (!scope) throw Problem{400, "bad-query", "A scope is \"ddns\", \"link\" or \"registration\"."};
      wanted.insert(*scope);
      at = comma + 1;
    }
  }
  return json_response(200, export_of(state, call.device->id, wanted));
}

json::object export_of(State& state, const std::string& device_id, const std::set<Scope>& wanted) {
  json::array scopes;
  json::array stores;
  for (const auto scope : all_scopes) {
    if (!wanted.count(scope)) continue;
    scopes.emplace_back(to_text(scope));
    for (auto& store : records_of_scope(state, device_id, scope))
      stores.push_back(json::object{{"name", store.name}, {"records", std::move(store.records)}});
  }
  return {{"schema", 1},
          {"device_id", device_id},
          {"time", rfc3339(state.now())},
          {"scope", std::move(scopes)},
          {"stores", std::move(stores)}};
}

}  // namespace refcloud
