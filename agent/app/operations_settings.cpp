// Settings and switches, saved and brought back. A backup holds no identity and no secret.
#include "agent/app/operations.hpp"

#ifndef QCLOUD_VERSION
#define QCLOUD_VERSION "0.0.0"
#endif

namespace qcloud {

namespace json = boost::json;

json::object Operations::backup() const {
  json::array services;
  for (const auto& service : agent_.link.services.get()) services.push_back(to_json(service));
  json::object switches;
  for (const auto& [name, state] : agent_.switches.states.get()) switches[name] = state.on;
  return {{"kind", "qcloud-settings"},
          {"version", QCLOUD_VERSION},
          {"made", to_rfc3339(agent_.session.now())},
          {"settings", agent_.settings.backup()},
          {"services", std::move(services)},
          {"switches", std::move(switches)}};
}

namespace {

Error no_backup(const char* why) {
  return {"request.malformed", Retry::give_up, std::string("This is no backup of settings: ") + why,
          "Use a file that was made with: qcloud config backup FILE"};
}

const json::object* part(const json::object& backup, const char* name) {
  auto* found = backup.if_contains(name);
  return found ? found->if_object() : nullptr;
}

}  // namespace

Task<Result<Operations::Restored>> Operations::restore(json::object backup, Millis wait) {
  auto* kind = backup.if_contains("kind");
  auto* schema = backup.if_contains("schema");
  if (!kind || *kind != json::value("qcloud-settings")) co_return no_backup("it does not say so.");
  if (schema && *schema != json::value(1)) co_return no_backup("a newer version made it.");
  const json::object* settings = part(backup, "settings");
  const json::object* switches = part(backup, "switches");
  if (!settings || !switches || settings->size() + switches->size() > 100)
    co_return no_backup("it lacks settings or switches.");
  for (const auto& member : *settings)
    if (!member.value().is_null() && !member.value().is_string())
      co_return no_backup("a setting in it is no text.");
  for (const auto& member : *switches)
    if (!member.value().is_bool()) co_return no_backup("a switch in it is neither on nor off.");

  // Backups of before the link have none; what is published then stays.
  std::optional<link::Services> services;
  if (auto* listed = backup.if_contains("services")) {
    if (!listed->is_array() || listed->get_array().size() > 100)
      co_return no_backup("its services are no list.");
    services.emplace();
    for (const auto& item : listed->get_array()) {
      const auto* body = item.if_object();
      const auto* name = body ? body->if_contains("name") : nullptr;
      if (!name || !name->is_string()) co_return no_backup("a service in it has no name.");
      auto service = read_service(std::string(name->get_string()), *body);
      if (!service) co_return no_backup(service.error().detail.c_str());
      services->push_back(*std::move(service));
    }
  }

  Restored done;
  if (services && *services != agent_.link.services.get()) {
    auto replaced = agent_.link.replace(*services);
    if (!replaced)
      done.skipped.emplace_back("services", replaced.error().detail);
    else
      done.changed.push_back("published services: " + std::to_string(services->size()));
  }
  for (const auto& member : *settings) {
    std::string key(member.key());
    std::optional<std::string> value;
    if (member.value().is_string()) value = std::string(member.value().as_string());
    if (agent_.settings.has(key, value)) continue;
    if (value && *value == without_password(*value) && value->find(":***@") != std::string::npos) {
      done.skipped.emplace_back(
          key, "The backup does not hold the password. Set it with: qcloud config set " + key +
                   " http://USER:PASSWORD@HOST:PORT");
      continue;
    }
    auto status = agent_.settings.set(key, value);
    if (!status)
      done.skipped.emplace_back(key, status.error().detail);
    else
      done.changed.push_back(value ? key + ": " + *value : key + ": back to its default");
  }
  for (const auto& member : *switches) {
    std::string name(member.key());
    bool on = member.value().as_bool();
    if (agent_.switches.on(name) == on) continue;
    if (on && !agent_.identity.registration.get()) {
      done.skipped.emplace_back(name, "This box is not registered. Register it, then: qcloud enable " + name);
      continue;
    }
    auto switched = co_await set_switch(name, on, wait);
    if (!switched)
      done.skipped.emplace_back(name, switched.error().detail);
    else
      done.changed.push_back(name + (on ? ": switched on" : ": switched off"));
  }
  co_return done;
}

}  // namespace qcloud
