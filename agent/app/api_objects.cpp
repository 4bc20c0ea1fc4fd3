// The larger objects of the local API.
#include "agent/app/api.hpp"
#include "agent/app/status.hpp"

namespace qcloud {

namespace json = boost::json;

namespace {

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace

json::object registration_json(Agent& agent) {
  const auto& progress = agent.progress.get();
  const auto& registration = agent.identity.registration.get();
  json::object out;
  std::string state = progress.state;
  // Removed or revoked by the account: registering anew is what the owner may do.
  auto standing = agent.session.contact.get().standing;
  bool gone = standing == Standing::removed || standing == Standing::revoked;
  if (state == "unregistered" || (state == "registered" && gone))
    state = registration && !gone ? "registered" : "unregistered";
  out["state"] = state;
  out["user_code"] = text_or_null(progress.user_code);
  out["verification_uri"] = text_or_null(progress.verification_uri);
  out["verification_uri_complete"] = text_or_null(progress.verification_uri_complete);
  out["expires_at"] =
      progress.expires_at
          ? json::value(to_rfc3339(agent.deps.clock.wall() + (*progress.expires_at - agent.deps.clock.now())))
          : json::value(nullptr);
  out["account"] = registration ? text_or_null(registration->account) : json::value(nullptr);
  out["device_id"] = registration ? json::value(registration->device_id) : json::value(nullptr);
  out["error"] = progress.error ? json::value(problem_of(*progress.error, status_of(*progress.error)))
                                : json::value(nullptr);
  out["schema"] = 1;
  return out;
}

json::object manifest_json(const Agent& agent, const Manifest& manifest) {
  json::array hosts, messages;
  for (const auto& host : manifest.hosts) {
    auto endpoint = agent.deps.endpoints.find(host.role);
    hosts.push_back({{"role", host.role},
                     {"host", endpoint == agent.deps.endpoints.end() ? json::value(nullptr)
                                                                     : json::value(endpoint->second.host)},
                     {"location", host.location},
                     {"operator", host.operated_by},
                     {"recipients", host.recipients}});
  }
  for (const auto& message : manifest.messages) {
    json::array fields;
    for (const auto& field : message.fields) {
      json::object entry{
          {"name", field.name}, {"class", to_string(field.data_class)}, {"where", to_string(field.where)}};
      if (!field.constant.empty() && field.where != Where::basic_password) entry["constant"] = field.constant;
      if (field.optional) entry["optional"] = true;
      fields.push_back(std::move(entry));
    }
    messages.push_back({{"name", message.name},
                        {"method", to_string(message.method)},
                        {"path", message.path},
                        {"purpose", message.purpose},
                        {"fields", std::move(fields)}});
  }
  return {{"name", manifest.name},
          {"title", manifest.title},
          {"purpose", manifest.purpose},
          {"legal_basis", manifest.legal_basis},
          {"switch", manifest.has_switch},
          {"default_on", manifest.default_on},
          {"consequence_on", manifest.consequence_on},
          {"consequence_off", manifest.consequence_off},
          {"hosts", std::move(hosts)},
          {"messages", std::move(messages)},
          {"retention", manifest.retention},
          {"cloud_holds", manifest.cloud_holds}};
}

json::object receipt_json(Agent& agent, const Order& order) {
  const Delay* delay = agent.outbox.delay(order.id);
  json::object out;
  out["id"] = order.id;
  out["scope"] = json::array{json::value(order.scope)};
  out["submitted"] = to_rfc3339(order.submitted);
  out["settled"] = order.settled ? json::value(to_rfc3339(*order.settled)) : json::value(nullptr);
  out["receipt"] = order.receipt ? json::value(*order.receipt) : json::value(nullptr);
  out["request"] = order.request;
  out["stores"] = json::array{};
  out["retained"] = json::array{};
  out["verified"] = false;
  out["problem"] = delay && !delay->problem.empty() ? json::value(delay->problem) : json::value(nullptr);
  out["status"] = delay && delay->refused ? "refused" : "pending";
  if (!order.receipt) return out;
  auto payload = agent.orders.verified(order);
  out["verified"] = static_cast<bool>(payload);
  out["status"] = payload ? "verified" : "refused";
  if (!payload) {
    out["problem"] = payload.error().detail;
    return out;
  }
  for (const char* member : {"stores", "retained"})
    if (auto* found = payload->if_contains(member)) out[member] = *found;
  return out;
}

}  // namespace qcloud
