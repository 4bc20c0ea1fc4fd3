// What the forms of a NAS's page change, and the download of what is stored.
#include "tests/cloud/audience.hpp"
#include "tests/cloud/erasure.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/names.hpp"
#include "tests/cloud/own_nas.hpp"

namespace refcloud {
namespace {

const std::string& field(const Call& call, std::string_view name) {
  const auto* const value = find(call.form, name);
  if (!value) throw Problem{400, "bad-form", "The form is incomplete."};
  return *value;
}

Response saved(const OwnNas& nas) { return redirect(nas.link() + "&done=saved"); }

Response download(const json::object& body, const std::string& file) {
  auto response = json_response(200, body);
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + file + "\"");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

}  // namespace

Reply post_account_rename(State& state, const Call& call) {
  check_csrf(call);
  const auto nas = own_nas(state, call, call.form);
  const auto& name = field(call, "name");
  rename_device(state, nas.id, name.empty() ? std::nullopt : std::optional(name));
  return saved(nas);
}

Reply post_account_device_name(State& state, const Call& call) {
  check_csrf(call);
  const auto nas = own_nas(state, call, call.form);
  set_device_name(state, nas.id, field(call, "device_name"));
  return saved(nas);
}

Reply post_account_audience(State& state, const Call& call) {
  check_csrf(call);
  const auto nas = own_nas(state, call, call.form);
  AudienceSetting wish{field(call, "audience")};
  std::string login;
  for (const char c : field(call, "invited") + '\n') {
    if (c != '\n' && c != '\r' && c != ' ' && c != ',')
      login += c;
    else if (!login.empty())
      wish.invited.push_back(std::exchange(login, {}));
  }
  set_audience(state, nas.id, std::move(wish));
  return saved(nas);
}

// One NAS, or with no device_id the account and all of them.
Reply get_account_export(State& state, const Call& call) {
  if (find(call.query, "device_id")) {
    const auto nas = own_nas(state, call, call.query);
    return download(export_of(state, nas.id), "nas-" + nas.id + ".json");
  }
  json::array stores;
  for (auto& store : records_of_account(state, call.session->account))
    stores.push_back(json::object{{"name", store.name}, {"records", std::move(store.records)}});
  json::array devices;
  for (const auto& nas : own_devices(state, call.session->account))
    devices.push_back(export_of(state, nas.id));
  return download(json::object{{"schema", 1},
                               {"time", rfc3339(state.now())},
                               {"stores", std::move(stores)},
                               {"devices", std::move(devices)}},
                  "account.json");
}

}  // namespace refcloud
