#include "agent/features/link/policy.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "agent/core/ip.hpp"

namespace qcloud::link {
namespace {

constexpr Millis healthy = seconds(60), shortest(100),
                 first(500), longest = seconds(60), at_once = seconds(1), forgiven_in = seconds(5);

}  // namespace

Millis Redial::after(Ending ending, Millis held, Rng& rng) {
  if (ending != Ending::never_began && held >= healthy) {
    failures_ = 0;
    if (ending == Ending::clean || ending == Ending::lost) return rng.between(Millis(0), at_once);
  }
  if (ending == Ending::clean || ending == Ending::lost)
    failures_ = std::max(0, failures_ - static_cast<int>(held / forgiven_in));
  auto cap = failures_ >= 7 ? longest : std::min<Millis>(longest, first * (1 << failures_));
  if (failures_ < 7) ++failures_;
  return rng.between(shortest, std::max(shortest, cap));
}

namespace {

// From the first probe to the verdict, and a little.
constexpr Millis verdict = seconds(15), shortest_idle = seconds(10);
// With a visit that does not go on, while room is scarce.
constexpr Millis least_patience = seconds(2), most_patience = seconds(10), idle_patience = minutes(2);

}  // namespace

bool Liveness::lost(Role role, Millis silent) {
  auto& span = of(role);
  if (silent < span.idle) return false;  // something else ended it
  if (silent > span.idle + verdict) {    // earlier probes were answered
    span.strikes = 0;
    return false;
  }
  if (role == Role::watch && ++span.strikes < 2) return false;
  span.strikes = 0;
  span.idle = std::max(shortest_idle, span.idle / (role == Role::watch ? 2 : 4));
  return true;
}

void Liveness::alive(Role role, Millis silent) {
  if (silent > of(role).idle + verdict) of(role).strikes = 0;
}

std::string reason_of(const Error& error) {
  std::string words = error.detail;
  // Here the general advice is of no use.
  bool middlebox =
      error.code.starts_with("net.tls_") || error.code == "net.no_protocol" || error.code == "net.bad_answer";
  if (middlebox && !error.fix.empty()) words += " " + error.fix;
  // Not in a host's name.
  for (auto [from, to] : {std::pair{"he cloud", "he relay"}, {"cloud.url", "cloud.relay"}})
    for (std::size_t at = 0; (at = words.find(from, at)) != std::string::npos; at += std::strlen(to))
      words.replace(at, std::strlen(from), to);
  return words;
}

std::vector<Finding> findings(const Situation& now) {
  std::vector<Finding> out;
  if (!now.attached && !now.way_out)
    out.push_back({"link_no_network", {}});
  else if (!now.attached && now.trouble)
    out.push_back({"link_no_relay", {{"reason", reason_of(*now.trouble)}}});
  else if (!now.attached)
    out.push_back({"link_connecting", {}});
  if (!now.named) out.push_back({"link_no_name", {}});
  if (!now.publishes) out.push_back({"link_no_service", {}});
  return out;
}

std::string household(const std::string& address) {
  auto ip = parse_ip(address);
  if (!ip || !ip->v6) return address;
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) out += static_cast<char>(ip->bytes[i]);
  return out;
}

std::vector<std::size_t> who_gives_way(const std::vector<Standing>& all, std::size_t needed) {
  std::map<std::string, int> of;
  for (const auto& each : all)
    if (each.still >= least_patience) ++of[household(each.source)];
  // How often his time is up, and who.
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].still < least_patience) continue;
    auto patience = (all[i].idle ? idle_patience : most_patience) / of[household(all[i].source)];
    if (all[i].still >= patience)
      order.emplace_back(static_cast<double>(all[i].still.count()) / static_cast<double>(patience.count()),
                         i);
  }
  std::sort(order.begin(), order.end(), std::greater());
  std::vector<std::size_t> out;
  std::size_t freed = 0;
  for (auto [overstayed, i] : order) {
    if (freed >= needed) break;
    freed += all[i].holds;
    out.push_back(i);
  }
  return out;
}

bool Doorkeeper::admits(const std::string& source, Instant now, int there) const {
  auto at = records_.find(household(source));
  bool known = at != records_.end() && now - at->second.began < span;
  return (known ? at->second.failed : 0) + there < most;
}

void Doorkeeper::left(const std::string& source, Instant now, Millis stayed, std::uint64_t bytes_out) {
  forget(now);
  if (!failed(stayed, bytes_out) || source.empty()) return;
  auto key = household(source);
  if (records_.size() >= sources && !records_.contains(key)) {
    auto oldest = std::min_element(records_.begin(), records_.end(), [](const auto& a, const auto& b) {
      return a.second.began < b.second.began;
    });
    records_.erase(oldest);
  }
  auto& record = records_[key];
  if (record.failed == 0) record.began = now;
  ++record.failed;
}

// An address is kept for as long as it counts, and until somebody else has been here.
void Doorkeeper::forget(Instant now) {
  std::erase_if(records_, [&](const auto& entry) { return now - entry.second.began >= span; });
}

}  // namespace qcloud::link
