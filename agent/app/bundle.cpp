#include "agent/app/bundle.hpp"

#include "agent/app/api.hpp"
#include "agent/app/status.hpp"
#include "agent/features/doctor/feature.hpp"
#include "agent/store/meta.hpp"

namespace qcloud {

namespace json = boost::json;

namespace {

constexpr std::size_t last_rows = 100, most_attachments = 20;

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

// Member by member, so that what stands under a telling key goes whatever it looks like.
json::value clean(const json::value& value, const KnownValues& known, bool telling = false) {
  if (value.is_object()) {
    json::object out;
    for (const auto& [key, member] : value.as_object())
      out[key] = clean(member, known, telling || telling_key(std::string_view(key.data(), key.size())));
    return out;
  }
  if (value.is_array()) {
    json::array out;
    for (const auto& item : value.as_array()) out.push_back(clean(item, known, telling));
    return out;
  }
  bool empty = value.is_null() || value.is_bool() || (value.is_string() && value.as_string().empty());
  if (telling && !empty) return "[removed]";
  return value.is_string() ? json::value(anonymize(text_of(value), known)) : value;
}

json::array features_of(Agent& agent) {
  json::array out;
  for (const Manifest* manifest : agent.switches.manifests())
    out.push_back({{"name", manifest->name},
                   {"switch", manifest->has_switch},
                   {"on", manifest->has_switch && agent.switches.on(manifest->name)},
                   {"holds", agent.switches.holds(manifest->name)}});
  return out;
}

// The newest rows of the last week. Hosts say where to; addresses would say from where.
json::array newest_rows(Agent& agent) {
  Ledger::Filter filter;
  filter.since = (agent.deps.clock.wall() - days(7)).time_since_epoch().count();
  filter.limit = 1000;
  json::array newest;
  for (int page = 0; page < 100; ++page) {
    auto rows = agent.ledger.rows(filter);
    for (auto& row : rows) {
      auto& object = row.as_object();
      filter.after = object.at("id").to_number<std::int64_t>();
      object.erase("local");
      object.erase("remote");
      newest.push_back(std::move(row));
    }
    if (newest.size() > last_rows)
      newest.erase(newest.begin(), newest.end() - static_cast<std::ptrdiff_t>(last_rows));
    if (static_cast<int>(rows.size()) < filter.limit) break;
  }
  return newest;
}

// The beginning of an id is enough to speak about it, and not enough to ask the cloud for it.
json::array receipts_of(Agent& agent) {
  json::array out;
  for (const auto& order : agent.outbox.all()) {
    auto receipt = receipt_json(agent, order);
    out.push_back({{"id", order.id.substr(0, 8)},
                   {"scope", order.scope},
                   {"status", receipt["status"]},
                   {"verified", receipt["verified"]},
                   {"submitted", receipt["submitted"]},
                   {"settled", receipt["settled"]},
                   {"problem", receipt["problem"]}});
  }
  return out;
}

doctor::Box box_of(Agent& agent) {
  doctor::Box box;
  if (auto cloud = agent.deps.endpoints.find("cloud"); cloud != agent.deps.endpoints.end())
    box.cloud_host = cloud->second.host;
  auto orders = agent.outbox.pending();
  box.orders = orders.size();
  for (const auto& order : orders) {
    const Delay* delay = agent.outbox.delay(order.id);
    if (agent.session.now() - order.submitted < days(1) || !delay || delay->tries == 0) continue;
    box.orders_overdue = true;
    box.orders_problem = delay->problem;
  }
  box.state_trouble = agent.ledger.trouble.get();
  // A disk that is full, or died, is found out by writing to it; the ledger writes to memory first.
  if (auto written = set_meta(agent.deps.db, "examined", to_rfc3339(agent.deps.clock.wall())); !written)
    box.state_trouble = written.error().detail;
  if (!agent.deps.platform.initialized) box.not_set_up = agent.deps.platform.set_up;
  box.link.on = agent.switches.on(link::manifest.name);
  box.link.services = agent.link.services.get().size();
  box.link.seen = agent.link.state.get().seen;
  for (const auto& each : agent.link.state.get().attached)
    box.link.relays.push_back(each.relay.empty() ? each.remote : each.relay);
  for (const auto& condition : agent.health.of(link::manifest.name)) {
    const auto& [code, params] = condition.finding;
    if (code == "link_no_relay" || code == "feature_failed") box.link.trouble = params.at("reason");
    if (code == "link_no_network") box.link.waits = "this box has no network";
    if (code == "link_connecting") box.link.waits = "the connection is being made";
    if (code == "waits_for_erasure") box.link.waits = "the cloud has not confirmed yet what was erased";
  }
  return box;
}

}  // namespace

KnownValues known_values(const Agent& agent) {
  const auto& facts = agent.deps.platform.facts;
  std::vector<std::string> values, words;
  // A box that is called "nas" or "cloud" must not turn each such word of the log into a riddle.
  auto name = [&](const std::string& text) { (text.size() > 5 ? values : words).push_back(text); };
  name(text_of(facts.name.json()));
  words.push_back(text_of(facts.serial_tail.json()));
  if (const auto& registration = agent.identity.registration.get()) {
    values.push_back(registration->account);
    auto at = registration->account.find('@');
    if (at != std::string::npos) words.push_back(registration->account.substr(0, at));
    values.push_back(registration->device_id);
    values.push_back(registration->thumbprint);
    values.push_back(registration->fqdn);
    name(registration->name);
  }
  return KnownValues(values, words);
}

Task<void> keep_log_informed(Agent& agent) {
  Signal wake(agent.deps.executor);
  auto registration = agent.identity.registration.wake(wake);
  for (;;) {
    agent.deps.log.know(known_values(agent));
    co_await wake.wait();
  }
}

Task<json::object> run_doctor(Agent& agent) {
  OwnerCommand command(agent);
  doctor::ExamineDeps deps{
      agent.deps.clock, agent.deps.platform.net, agent.deps.platform.system,     agent.identity,
      agent.session,    agent.net_history,       !agent.settings.proxy().empty()};
  auto box = box_of(agent);
  auto found = co_await doctor::examine(deps, Lanes<doctor::manifest>(agent.doctor_port), std::move(box));
  co_await agent.doctor_port.silence();
  agent.examined = found;
  co_return found;
}

Task<Result<json::object>> make_bundle(Agent& agent, json::array attachments) {
  if (attachments.size() > most_attachments)
    co_return Error{"request.malformed", Retry::give_up, "These are too many files for one bundle.",
                    "Include " + std::to_string(most_attachments) + " at most."};
  auto known = known_values(agent);
  json::object bundle;
  auto status = status_of(agent);
  bundle["kind"] = "qcloud-bundle";
  bundle["made"] = to_rfc3339(agent.session.now());
  bundle["version"] = status["version"];
  bundle["platform"] = agent.deps.platform.kind;
  bundle["status"] = clean(status, known);
  bundle["settings"] =
      clean(json::object{{"file", agent.settings.file()}, {"settings", agent.settings.list()}}, known);
  bundle["features"] = features_of(agent);
  bundle["ledger"] =
      clean(json::object{{"summary", agent.ledger.summary(0)}, {"rows", newest_rows(agent)}}, known);
  bundle["receipts"] = clean(receipts_of(agent), known);
  bundle["doctor"] = agent.examined ? clean(*agent.examined, known) : json::value(nullptr);
  json::array log, included;
  if (agent.deps.log_ring)
    for (const auto& line : agent.deps.log_ring->lines()) log.emplace_back(anonymize(line, known));
  bundle["log"] = std::move(log);
  for (const auto& attachment : attachments) {
    auto* given = attachment.if_object();
    auto* name = given ? given->if_contains("name") : nullptr;
    auto* text = given ? given->if_contains("text") : nullptr;
    if (!name || !text || !name->is_string() || !text->is_string())
      co_return Error{"request.malformed", Retry::give_up, "An attachment is {\"name\", \"text\"}.", ""};
    included.push_back(
        {{"name", anonymize(text_of(*name), known)}, {"text", anonymize(text_of(*text), known)}});
  }
  bundle["attachments"] = std::move(included);
  json::object out;
  out["schema"] = 1;
  out["bundle"] = std::move(bundle);
  co_return out;
}

}  // namespace qcloud
