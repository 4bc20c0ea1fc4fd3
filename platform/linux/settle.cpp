#include "platform/linux/settle.hpp"

#include <algorithm>
#include <iterator>

namespace qcloud {
namespace {

struct Family {
  std::vector<LocalAddress> addresses;
  bool route, tunnel;
};

Family part(const NetState& state, bool v6) {
  Family out{{}, v6 ? state.route6 : state.route4, v6 ? state.tunnel6 : state.tunnel4};
  for (const auto& each : state.addresses)
    if (each.address.v6 == v6) out.addresses.push_back(each);
  return out;
}

// Does `family` have this one, and as good as here?
bool has(const Family& family, const LocalAddress& wanted) {
  return std::any_of(family.addresses.begin(), family.addresses.end(), [&](const LocalAddress& each) {
    return each.address == wanted.address && each.interface == wanted.interface &&
           (each.routed || !wanted.routed);
  });
}

// Has `b` less than `a`?
bool less(const Family& a, const Family& b) {
  return (a.route && !b.route) || std::any_of(a.addresses.begin(), a.addresses.end(),
                                              [&](const LocalAddress& each) { return !has(b, each); });
}

// Is the way out over another interface now?
bool leads_elsewhere(const Family& a, const Family& b) {
  return a.route && b.route && !a.addresses.empty() && !b.addresses.empty() &&
         a.addresses.front().interface != b.addresses.front().interface;
}

// What `b` has besides, that is no temporary address.
std::vector<LocalAddress> more(const Family& a, const Family& b) {
  std::vector<LocalAddress> out;
  std::copy_if(b.addresses.begin(), b.addresses.end(), std::back_inserter(out),
               [&](const LocalAddress& each) { return !each.temporary && !has(a, each); });
  return out;
}

}  // namespace

NetState Settle::next(const NetState& said, NetState seen, Instant now) {
  NetState out;
  for (bool v6 : {false, true}) {
    Family before = part(said, v6), after = part(seen, v6);
    Memory& memory = memory_[v6];
    if (auto came = more(before, after); !came.empty() && !before.addresses.empty()) {
      memory.came = std::move(came);
      memory.at = now;
    }
    // Is something there instead, which makes waiting for the old one idle?
    bool instead = (after.route && (!before.route || before.tunnel != after.tunnel)) ||
                   (now - memory.at < patience &&
                    std::any_of(memory.came.begin(), memory.came.end(),
                                [&](const LocalAddress& each) { return has(after, each); }));
    memory.patience = leads_elsewhere(before, after) ? takeover : patience;
    bool too_long = memory.since && now - *memory.since >= memory.patience;
    if (!less(before, after) || instead || too_long)
      memory.since.reset();
    else if (!memory.since)
      memory.since = now;
    Family& chosen = memory.since ? before : after;
    out.addresses.insert(out.addresses.end(), chosen.addresses.begin(), chosen.addresses.end());
    (v6 ? out.route6 : out.route4) = chosen.route;
    (v6 ? out.tunnel6 : out.tunnel4) = chosen.tunnel;
  }
  return out;
}

std::optional<Instant> Settle::due() const {
  std::optional<Instant> first;
  for (const auto& memory : memory_)
    if (memory.since && (!first || *memory.since + memory.patience < *first))
      first = *memory.since + memory.patience;
  return first;
}

}  // namespace qcloud
