#include "agent/features/ddns/policy.hpp"

#include <algorithm>

namespace qcloud::ddns {
namespace {

constexpr int enough_votes = 2;

std::vector<IpAddress> candidates(const std::vector<Local>& locals, bool v6) {
  std::vector<IpAddress> out;
  for (const auto& local : locals)
    if (local.address.v6 == v6 && !local.temporary && !local.deprecated && local.routed &&
        reach_of(local.address) == Reach::global)
      out.push_back(local.address);
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

// 464XLAT (RFC 6877): the only IPv4 address is one of 192.0.0.0/29 (RFC 7335), its way leads over NAT64.
bool translated(const std::vector<Local>& locals) {
  bool any = false;
  for (const auto& local : locals) {
    if (local.address.v6) continue;
    const auto& b = local.address.bytes;
    if (!(b[0] == 192 && b[1] == 0 && b[2] == 0 && b[3] < 8)) return false;
    any = true;
  }
  return any;
}

std::optional<IpAddress> choose_v6(const Inputs& in) {
  auto own = candidates(in.locals, true);
  if (own.empty()) return in.keep6 && in.reported ? in.reported->v6 : std::nullopt;
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
  if (!in.route4 || translated(in.locals)) return in.keep4 ? reported : std::nullopt;

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
  if (in.tunnel4) {
    if (seen) out.findings.push_back({"ddns_behind_vpn", {{"seen", to_string(*seen)}}});
    return std::nullopt;
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

void Families::see(const std::vector<Local>& locals, bool route4, Instant now) {
  auto follow = [&](bool has, bool& had, std::optional<Instant>& lost) {
    if (has) lost.reset();
    if (had && !has) lost = now;
    had = has;
  };
  follow(route4, has4_, lost4_);
  follow(!candidates(locals, true).empty(), has6_, lost6_);
}

std::optional<Instant> Families::until(Instant now) const {
  std::optional<Instant> first;
  for (const auto& lost : {lost4_, lost6_})
    if (missed(lost, now) && (!first || *lost + patience < *first)) first = *lost + patience;
  return first;
}

Millis Storm::wait(Instant now) {
  constexpr Millis price = seconds(5), credit = price * 90;
  paid_ = std::max(paid_, now) + price;
  return std::clamp<Millis>(paid_ - now - credit, Millis(0), price);
}

namespace {

Millis about(Millis span, int jitter) { return span * 8 / 10 + span * 4 / 10 * jitter / 999; }

}  // namespace

Millis rest(int heartbeat_seconds, int jitter) {
  return about(heartbeat_seconds == 0 ? seconds(900) : seconds(std::clamp(heartbeat_seconds, 60, 86400)),
               jitter);
}

Millis safety_net(int jitter) { return about(hours(6), jitter); }

}  // namespace qcloud::ddns
