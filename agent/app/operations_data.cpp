// The owner's rights over what the cloud stores.
#include "agent/app/operations.hpp"
#include "agent/control/owner_words.hpp"
#include "agent/features/enroll/feature.hpp"
#include "agent/features/erasure/feature.hpp"

namespace qcloud {

Task<Result<boost::json::object>> Operations::export_data(std::string feature) {
  std::optional<Value<DataClass::feature_name>> scope;
  if (!feature.empty()) {
    const Manifest* manifest = agent_.switches.find(feature);
    if (!manifest)
      co_return Error{"request.unknown_feature", Retry::give_up, "There is no feature \"" + feature + "\".",
                      "See them with: qcloud manifest"};
    // What registration holds goes by the registration's own name at the cloud.
    scope = owner_feature(manifest->name == "enroll" ? "registration" : manifest->name);
  }
  OwnerCommand command(agent_);
  auto data = co_await erasure::export_data(Lanes<erasure::manifest>(agent_.erasure_port), scope);
  co_await agent_.erasure_port.silence();
  co_return data;
}

Task<Result<std::vector<Operations::Filed>>> Operations::erase_data(std::string feature, Millis wait) {
  std::vector<const Manifest*> wanted;
  for (const Manifest* manifest : agent_.switches.manifests())
    if (manifest->erasable() && (feature.empty() || manifest->name == feature)) wanted.push_back(manifest);
  if (wanted.empty())
    co_return Error{"request.unknown_feature", Retry::give_up,
                    "There is no feature \"" + feature + "\" of which the cloud keeps data.",
                    "To erase the registration itself: qcloud unregister"};
  std::vector<Filed> orders;
  auto pass = co_await decisions_.enter();
  auto now = agent_.session.now();
  auto status = agent_.deps.db.transaction([&]() -> Status {
    for (const Manifest* manifest : wanted) {
      std::string name(manifest->name);
      auto filed = agent_.orders.file(name, now);
      if (!filed) return std::move(filed).error();
      if (!*filed)
        return Error{"identity.none", Retry::wait_for_owner,
                     "This box is not registered: the cloud keeps nothing of it.", ""};
      orders.push_back({**filed, name});
      if (auto none = agent_.switches.mark_holds(name, false, now); !none) return none;
    }
    return {};
  });
  if (!status) co_return std::move(status).error();
  agent_.switches.refresh();
  std::vector<std::string> names;
  names.reserve(wanted.size());
  for (const Manifest* manifest : wanted) names.emplace_back(manifest->name);
  co_await silence(names);
  folded();
  pass.leave();
  co_await settle(std::span<Filed>(orders), wait);
  co_return orders;
}

Task<Status> Operations::correct_data(std::string field, std::string value) {
  if (field != "device_name")
    co_return Error{"request.unknown_field", Retry::give_up,
                    "There is no field \"" + field + "\" that could be corrected here.",
                    "The one that can: device_name. The public name: qcloud ddns rename NAME"};
  if (!agent_.identity.registration.get()) co_return not_registered();
  auto name = owner_device_name(value);
  if (!name) co_return std::move(name).error();
  OwnerCommand command(agent_);
  auto status =
      co_await enroll::correct_device_name(Lanes<enroll::manifest>(agent_.enroll_port), *std::move(name));
  co_await agent_.enroll_port.silence();
  co_return status;
}

}  // namespace qcloud
