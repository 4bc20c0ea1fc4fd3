// PUT /v1/ddns: the NAS says under which addresses it can be reached directly; the cloud derives the records.
#include "tests/cloud/ddns.hpp"

#include "tests/cloud/handlers.hpp"

namespace refcloud {
namespace {

std::optional<std::string> checked(const json::object& body, std::string_view member, bool v6) {
  const auto text = text_or_null_member(body, member);
  if (!text) return std::nullopt;
  const auto address = parse_address(*text);
  if (!address || address->v6 != v6)
    throw Problem{422, "address-invalid",
                  "\"" + std::string(member) + "\" is not an IP address of that family."};
  if (!address->global())
    throw Problem{422, "address-not-global",
                  address->text() + " cannot be reached from the internet, so it is not published."};
  return address->text();
}

bool dirty(State& state, const std::optional<std::string>& name) {
  return name && state.db().query("SELECT 1 FROM dns_dirty WHERE fqdn = ?", state.fqdn(*name)).next();
}

}  // namespace

Report report_of(State& state, const std::string& device_id) {
  Report report;
  auto q = state.db().query("SELECT ipv4, ipv6, revision FROM ddns WHERE device = ?", device_id);
  if (!q.next()) return report;
  report.ipv4 = q.optional_text(0);
  report.ipv6 = q.optional_text(1);
  report.revision = q.integer(2);
  return report;
}

bool store_report(State& state, const std::string& device_id, Report& report) {
  const auto old = report_of(state, device_id);
  const auto name = name_of(state, device_id);
  const bool same = old.revision > 0 && old.ipv4 == report.ipv4 && old.ipv6 == report.ipv6;
  report.revision = same ? old.revision : old.revision + 1;
  if (same && !dirty(state, name)) {
    ++state.stats.ddns_noops;
    return false;
  }
  std::vector<std::string> fqdns;
  if (name) fqdns.push_back(state.fqdn(*name));
  publish(state, fqdns, IfDnsFails::refuse, [&] {
    state.db().run("INSERT OR REPLACE INTO ddns VALUES(?, ?, ?, ?, ?)", device_id, report.ipv4, report.ipv6,
                   state.now(), report.revision);
  });
  ++state.stats.ddns_updates;
  return true;
}

Reply put_ddns(State& state, const Call& call) {
  const auto body = parse_object(call.request.body);
  only_members(body, {"ipv4", "ipv6"});
  Report report{checked(body, "ipv4", false), checked(body, "ipv6", true), 0};
  const auto& id = call.device->id;
  store_report(state, id, report);
  json::object answer;
  add_published(state, id, answer);
  answer["revision"] = report.revision;
  return json_response(200, answer);
}

}  // namespace refcloud
