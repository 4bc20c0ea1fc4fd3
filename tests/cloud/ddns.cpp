// PUT /v1/ddns: the NAS says under which addresses it can be reached directly; the cloud derives the records.
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/publish.hpp"

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

Reply put_ddns(State& state, const Call& call) {
  const auto body = parse_object(call.request.body);
  only_members(body, {"ipv4", "ipv6"});
  const auto ipv4 = checked(body, "ipv4", false);
  const auto ipv6 = checked(body, "ipv6", true);

  const auto& id = call.device->id;
  const auto name = name_of(state, id);
  std::int64_t revision = 0;
  bool same = false;
  if (auto q = state.db().query("SELECT ipv4, ipv6, revision FROM ddns WHERE device = ?", id); q.next()) {
    same = q.optional_text(0) == ipv4 && q.optional_text(1) == ipv6;
    revision = q.integer(2);
  }
  if (same && !dirty(state, name)) {
    ++state.stats.ddns_noops;
  } else {
    if (!same) ++revision;
    std::vector<std::string> fqdns;
    if (name) fqdns.push_back(state.fqdn(*name));
    publish(state, fqdns, IfDnsFails::refuse, [&] {
      state.db().run("INSERT OR REPLACE INTO ddns VALUES(?, ?, ?, ?, ?)", id, ipv4, ipv6, state.now(),
                     revision);
    });
    ++state.stats.ddns_updates;
  }
  json::object answer;
  add_published(state, id, answer);
  answer["revision"] = revision;
  return json_response(200, answer);
}

}  // namespace refcloud
