#include "agent/features/link/way/way.hpp"

#include <tuple>

namespace qcloud::link {
namespace {

// The first of its family leads to the internet.
const LocalAddress* leading_of(const NetState& net, bool v6) {
  auto at = std::find_if(net.addresses.begin(), net.addresses.end(),
                         [&](const LocalAddress& each) { return each.address.v6 == v6; });
  return at == net.addresses.end() ? nullptr : &*at;
}

// What a way out of that family is.
auto way(const NetState& net, bool v6) {
  const auto* leading = leading_of(net, v6);
  return std::tuple(v6 ? net.route6 : net.route4, v6 ? net.tunnel6 : net.tunnel4,
                    leading ? leading->interface : std::string());
}

}  // namespace

bool holds(const NetState& before, const NetState& now, const IpAddress& local) {
  bool there = std::any_of(now.addresses.begin(), now.addresses.end(),
                           [&](const LocalAddress& each) { return each.address == local; });
  return there && way(before, local.v6) == way(now, local.v6);
}

std::string network_of(const NetState& net) {
  std::string out = net.tunnel4 || net.tunnel6 ? "tunnel" : "";
  if (const auto* leading = leading_of(net, false)) out += " " + to_string(leading->address);
  return out;
}

Instant Apart::next_look(Instant now, bool may_lead_elsewhere) {
  constexpr Millis first = minutes(1), longest = minutes(15);
  over(now);
  if (!since_) since_ = now;
  if (!may_lead_elsewhere) return *since_ + longest;
  if (looks_ == 0) return *since_;
  return *since_ + std::min(longest, first * (1 << std::min(looks_ - 1, 4)));
}

}  // namespace qcloud::link
