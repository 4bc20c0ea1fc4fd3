#include "agent/features/ddns/policy.hpp"

#include <algorithm>

namespace qcloud::ddns {
namespace {

constexpr int enough_votes = 2;

std::vector<IpAddress> candidates(const std::vector<Local>& locals, bool v6) {
  std::vector<IpAddress> out;
  for (const auto& local : locals)
    if (local.address.v6 == v6 && !local.temporary && !local.deprecated &&
        reach_of(local.address) == Reach::global)
      out.push_back(local.address);
  std::sort(out.begin(), out.end());
  return out;
}

bool contains(const std::vector<IpAddress>& list, const std::optional<IpAddress>& address) {
  return address && std::find(list.begin(), list.end(), *address) != list.end();
}

std::string first_v4(const std::vector<Local>& locals) {
  for (const auto& local : locals)
    if (!local.address.v6) return to_string(local.address);
  return "";
}

std::optional<IpAddress> choose_v6(const Inputs& in) {
  auto own = candidates(in.locals, true);
  if (own.empty()) return std::nullopt;
  // What is published stays as long as it is good: no flapping between two good addresses.
  if (in.reported && contains(own, in.reported->v6)) return in.reported->v6;
  return own.front();
}

std::optional<IpAddress> choose_v4(const Inputs& in, Decision& out) {
  auto own = candidates(in.locals, false);
  std::optional<IpAddress> seen;
  if (in.seen4 && reach_of(in.seen4->address) == Reach::global) seen = in.seen4->address;
  auto reported = in.reported ? in.reported->v4 : std::nullopt;
  if (reported && reach_of(*reported) != Reach::global)
    reported.reset();  // whoever put it there: it has no place

  if (!own.empty()) {
    if (!in.seen4) return contains(own, reported) ? reported : std::nullopt;
    if (contains(own, seen)) return seen;
    if (in.seen4->votes < enough_votes) {
      out.second_look = true;
      return reported;
    }
    out.findings.push_back(
        {"ddns_sources_differ", {{"local", to_string(own.front())}, {"seen", to_string(in.seen4->address)}}});
    return contains(own, reported) || reported == seen ? reported : std::nullopt;
  }
  // No view over IPv4 at the moment: what is published stays, as long as this box has IPv4 at all.
  if (!in.seen4) return first_v4(in.locals).empty() ? std::nullopt : reported;
  if (!seen || seen == reported) return seen;
  if (in.seen4->votes < enough_votes) {
    out.second_look = true;
    return reported;
  }
  return seen;
}

void explain_nat(const Inputs& in, const Decision& out, std::vector<Finding>& findings) {
  if (!out.wanted.v4 || !behind_router(in.locals)) return;
  auto shared = std::find_if(in.locals.begin(), in.locals.end(), [](const Local& l) {
    return !l.address.v6 && reach_of(l.address) == Reach::shared;
  });
  auto at = to_string(*out.wanted.v4);
  if (shared != in.locals.end())
    findings.push_back({"ddns_carrier_nat", {{"evidence", to_string(shared->address)}, {"public", at}}});
  else if (in.second_hop && reach_of(*in.second_hop) == Reach::shared)
    findings.push_back({"ddns_carrier_nat", {{"evidence", to_string(*in.second_hop)}, {"public", at}}});
  else if (in.second_hop && reach_of(*in.second_hop) == Reach::local)
    findings.push_back({"ddns_double_nat", {{"evidence", to_string(*in.second_hop)}}});
  else
    findings.push_back({"ddns_behind_router", {{"public", at}, {"local", first_v4(in.locals)}}});
}

}  // namespace

bool behind_router(const std::vector<Local>& locals) { return candidates(locals, false).empty(); }

Decision decide(const Inputs& in) {
  Decision out;
  out.wanted.v6 = choose_v6(in);
  out.wanted.v4 = choose_v4(in, out);
  // Without a name nobody could find the box by what it reports: it reports nothing.
  if (!in.has_name)
    out.findings.push_back({"ddns_no_name", {}});
  else
    out.report = !out.second_look && in.reported && !(out.wanted == *in.reported);
  explain_nat(in, out, out.findings);
  if (in.has_name && in.reported && !out.second_look && !out.wanted.v4 && !out.wanted.v6)
    out.findings.push_back({"ddns_no_public_address", {}});
  return out;
}

}  // namespace qcloud::ddns
