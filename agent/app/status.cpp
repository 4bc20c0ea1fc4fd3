#include "agent/app/status.hpp"

#include <algorithm>

#include "agent/features/ddns/manifest.hpp"
#include "agent/store/meta.hpp"

#ifndef QCLOUD_VERSION
#define QCLOUD_VERSION "0.0.0"
#endif

namespace qcloud {

namespace json = boost::json;

namespace {

std::string span_in_words(Millis span) {
  auto count = std::abs(std::chrono::duration_cast<seconds>(span).count());
  auto words = [](long long n, const char* unit) {
    return std::to_string(n) + " " + unit + (n == 1 ? "" : "s");
  };
  if (count >= 2 * 86400) return words(count / 86400, "day");
  if (count >= 2 * 3600) return words(count / 3600, "hour");
  return words(count / 60, "minute");
}

std::optional<Finding> trouble_finding(const Error& trouble) {
  std::map<std::string, std::string> reason{{"reason", trouble.detail}, {"error", trouble.code}};
  if (trouble.code == "net.dns_failed") return Finding{"dns_failing", reason};
  if (trouble.code == "net.no_network") return Finding{"no_network", {}};
  if (trouble.code == "net.tls_time") return Finding{"cloud_certificate_time", reason};
  if (trouble.code.starts_with("net.proxy_")) return Finding{"proxy_failing", reason};
  if (trouble.code == "net.tls_untrusted" || trouble.code == "net.bad_answer" ||
      trouble.code == "cloud.bad_answer")
    return Finding{"cloud_untrusted", reason};
  return Finding{"cloud_unreachable", reason};
}

}  // namespace

std::vector<Finding> way_findings(const WayInputs& in) {
  std::vector<Finding> out;
  if (in.set_aside && !in.registered) out.push_back({"identity_set_aside", {}});
  if (!in.not_set_up.empty()) out.push_back({"not_set_up", {{"reason", in.not_set_up}}});
  if (!in.damaged_file.empty()) out.push_back({"state_damaged", {{"file", in.damaged_file}}});
  if (!in.registered && !in.removed.empty())
    out.push_back({"device_removed", {{"when", in.removed}}});
  else if (!in.registered && !in.set_aside)
    out.push_back({"not_registered", {}});
  if (in.registered) switch (in.contact.standing) {
      case Standing::good:
        break;
      case Standing::revoked:
        out.push_back({"certificate_revoked", {}});
        break;
      case Standing::removed:
        out.push_back({"removal_unproved", {}});
        break;
      case Standing::superseded:
        out.push_back({"key_superseded", {}});
        break;
      case Standing::expired:
        out.push_back({"certificate_expired", {{"until", to_rfc3339(in.certificate_until)}}});
        break;
    }
  if (!in.state_trouble.empty()) out.push_back({"state_not_writable", {{"reason", in.state_trouble}}});
  if (in.contact.clock_error != Millis(0))
    out.push_back({"clock_wrong", {{"off", span_in_words(in.contact.clock_error)}}});
  // With nothing to send there is no way to judge.
  bool speaks = in.order_open || (in.registered && in.any_on);
  if (!speaks) return out;
  if (!in.route) {
    out.push_back({"no_network", {}});
  } else if (in.contact.trouble) {
    auto finding = trouble_finding(*in.contact.trouble);
    if (finding) out.push_back(std::move(*finding));
  }
  return out;
}

namespace {

const char* registration_state(const Agent& agent) {
  const auto& progress = agent.progress.get().state;
  if (progress == "waiting" || progress == "starting") return "waiting";
  if (progress == "enrolling") return "enrolling";
  if (!agent.identity.registration.get())
    return agent.identity.set_aside.get() ? "set_aside" : "unregistered";
  switch (agent.session.contact.get().standing) {
    case Standing::revoked:
      return "revoked";
    case Standing::removed:
      return "removed";
    case Standing::good:
    case Standing::expired:
    case Standing::superseded:
      break;
  }
  return "registered";
}

struct Reachability {
  const char* reach;
  std::string reason;
};

Reachability reachability(Agent& agent, const std::vector<Finding>& way) {
  const auto& registration = agent.identity.registration.get();
  if (!registration) return {"none", "This box is not registered."};
  const bool linked = agent.switches.on(link::manifest.name);
  if (linked && !registration->fqdn.empty() && !agent.link.state.get().attached.empty())
    return {"relay", "Through the relay, for those whom your audience lets in (qcloud audience)."};
  auto no_network = std::find_if(way.begin(), way.end(),
                                 [](const Finding& finding) { return finding.code == "no_network"; });
  for (const auto& finding : way)
    if (finding.code == "certificate_revoked" || finding.code == "removal_unproved" ||
        finding.code == "key_superseded")
      return {"none", "The cloud no longer knows this box."};
  if (!agent.switches.on(ddns::manifest.name)) {
    if (!linked) return {"none", "\"Found by name\" is switched off."};
    if (no_network != way.end()) return {"none", "This box has no route to the internet."};
    for (const auto& condition : agent.health.of(link::manifest.name))
      if (condition.finding.code != "link_no_service")
        return {"none", std::string(to_json(condition, "").at("text").as_string())};
    return {"none", "No relay holds this box."};
  }
  if (registration->name.empty()) return {"none", "No name is claimed yet."};
  const auto& reported = agent.reported.get();
  if (!reported || (!reported->v4 && !reported->v6))
    return {"none", "The cloud has confirmed no address of this box yet."};
  for (const auto& condition : agent.health.of(ddns::manifest.name)) {
    const auto& code = condition.finding.code;
    if (code == "ddns_carrier_nat" || code == "ddns_double_nat" || code == "ddns_no_public_address")
      return {"none", std::string(to_json(condition, "").at("text").as_string())};
    if (code == "ddns_behind_router")
      return {"direct", "Through your router, where a port is forwarded to this box."};
  }
  if (no_network != way.end()) return {"none", "This box has no route to the internet."};
  for (const auto& finding : way)
    if (finding.code == "dns_failing" || finding.code == "cloud_unreachable" ||
        finding.code == "cloud_untrusted" || finding.code == "cloud_certificate_time" ||
        finding.code == "proxy_failing")
      return {"direct", "The name keeps this box's last known address while the cloud cannot be reached."};
  return {"direct", "The name points to this box's own address."};
}

json::array features_of(Agent& agent) {
  json::array out;
  for (const Manifest* manifest : agent.switches.manifests()) {
    if (!manifest->has_switch) continue;
    json::array health;
    for (const auto& condition : agent.health.of(manifest->name))
      health.push_back(to_json(condition, manifest->name));
    out.push_back({{"name", manifest->name},
                   {"title", manifest->title},
                   {"on", agent.switches.on(manifest->name)},
                   {"health", health}});
  }
  return out;
}

json::array orders_of(Agent& agent) {
  json::array out;
  for (const auto& order : agent.outbox.pending()) {
    const Delay* delay = agent.outbox.delay(order.id);
    auto wait = delay ? std::max(Millis(0), delay->next_try - agent.deps.clock.now()) : Millis(0);
    out.push_back(
        {{"id", order.id},
         {"scope", json::array{json::value(order.scope)}},
         {"submitted", to_rfc3339(order.submitted)},
         {"next_try", to_rfc3339(agent.deps.clock.wall() + wait)},
         {"problem", delay && !delay->problem.empty() ? json::value(delay->problem) : json::value(nullptr)}});
  }
  return out;
}

}  // namespace

json::object status_of(Agent& agent) {
  const auto& registration = agent.identity.registration.get();
  const auto& contact = agent.session.contact.get();
  const auto& net = agent.deps.platform.net.state.get();
  WayInputs inputs;
  inputs.any_on = agent.switches.any_on();
  inputs.order_open = !agent.outbox.open.get().empty();
  inputs.registered = registration.has_value();
  inputs.set_aside = agent.identity.set_aside.get();
  if (!agent.deps.platform.initialized)
    inputs.not_set_up =
        agent.deps.platform.set_up.empty() ? "It is not initialized." : agent.deps.platform.set_up;
  inputs.removed = get_meta(agent.deps.db, note_removed).value_or("");
  inputs.damaged_file = get_meta(agent.deps.db, note_damaged).value_or("");
  inputs.route = net.way_out(!agent.settings.proxy().empty());
  inputs.contact = contact;
  inputs.state_trouble = agent.ledger.trouble.get();
  if (registration) inputs.certificate_until = registration->certificate_until;
  auto way = way_findings(inputs);
  agent.health.report("", way);  // keeps since when each holds

  json::array health;
  for (const char* source : {"", "enroll", "erasure"})
    for (const auto& condition : agent.health.of(source)) health.push_back(to_json(condition, source));
  auto text_or_null = [](const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
  };
  auto reach = reachability(agent, way);
  json::object out;
  out["schema"] = 1;
  out["version"] = QCLOUD_VERSION;
  out["registered"] = registration.has_value() && contact.standing != Standing::removed &&
                      contact.standing != Standing::revoked;
  out["registration"] = registration_state(agent);
  out["account"] = registration ? text_or_null(registration->account) : json::value(nullptr);
  out["device_id"] = registration ? json::value(registration->device_id) : json::value(nullptr);
  out["name"] = registration ? text_or_null(registration->fqdn) : json::value(nullptr);
  out["reach"] = reach.reach;
  out["reason"] = reach.reason;
  out["health"] = std::move(health);
  out["features"] = features_of(agent);
  out["orders"] = orders_of(agent);
  out["orders_pending"] = agent.outbox.open.get().size();
  out["last_contact"] =
      contact.last_contact ? json::value(to_rfc3339(*contact.last_contact)) : json::value(nullptr);
  out["offline"] = !agent.switches.remembered().empty() && !agent.switches.any_on();
  out["disks_may_sleep"] = true;
  return out;
}

}  // namespace qcloud
