// What a registered NAS may ask about itself.
#include <set>

#include "tests/cloud/handlers.hpp"
#include "tests/cloud/publish.hpp"
#include "tests/cloud/records.hpp"

namespace refcloud {

Reply get_device(State& state, const Call& call) {
  const auto& device = *call.device;
  const auto name = name_of(state, device.id);
  return json_response(200,
                       json::object{{"device_id", device.id},
                                    {"account", device.account},
                                    {"name", or_null(name)},
                                    {"fqdn", name ? json::value(state.fqdn(*name)) : json::value(nullptr)},
                                    {"zone", state.settings.zone},
                                    {"certificate_not_after", rfc3339(device.not_after)}});
}

Reply get_whoami(State&, const Call& call) {
  return json_response(200, json::object{{"address", call.source}});
}

Reply get_export(State& state, const Call& call) {
  std::set<Scope> wanted{Scope::ddns, Scope::registration};
  for (const auto& [name, value] : call.query) {
    if (name != "scope") throw Problem{400, "bad-query", "\"" + name + "\" is not known here."};
    wanted.clear();
    for (std::size_t at = 0; at <= value.size();) {
      const auto comma = std::min(value.find(',', at), value.size());
      const auto scope = parse_scope(std::string_view(value).substr(at, comma - at));
      if (!scope) throw Problem{400, "bad-query", "A scope is \"ddns\" or \"registration\"."};
      wanted.insert(*scope);
      at = comma + 1;
    }
  }
  json::array scopes;
  json::array stores;
  for (const auto scope : wanted) {
    scopes.emplace_back(scope == Scope::ddns ? "ddns" : "registration");
    for (auto& store : records_of_scope(state, call.device->id, scope))
      stores.push_back(json::object{{"name", store.name}, {"records", std::move(store.records)}});
  }
  return json_response(200, json::object{{"schema", 1},
                                         {"device_id", call.device->id},
                                         {"time", rfc3339(state.now())},
                                         {"scope", scopes},
                                         {"stores", stores}});
}

}  // namespace refcloud
