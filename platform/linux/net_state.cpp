// From the kernel's dumps to what the agent is told.
#include <algorithm>
#include <array>
#include <map>

#include "platform/linux/netlink.hpp"
#include "platform/local_address.hpp"

namespace qcloud {

NetState net_state(const Netlink& dumps) {
  std::map<int, const LinkMessage*> links;
  for (const auto& link : dumps.links) links[link.index] = &link;
  auto usable = [&](int index) {
    auto at = links.find(index);
    return at != links.end() && at->second->running && !at->second->loopback;
  };
  auto way = [&](bool v6) { return v6 ? dumps.way6 : dumps.way4; };
  auto routed = [&](int index, bool v6) {
    return index == way(v6) || std::any_of(dumps.routes.begin(), dumps.routes.end(), [&](const auto& route) {
             return route.v6 == v6 && route.link == index;
           });
  };
  NetState state;
  for (bool v6 : {false, true}) {
    // By its rank: on the way out, routed, neither.
    std::array<std::vector<LocalAddress>, 3> ranks;
    for (const auto& each : dumps.addresses) {
      const auto& b = each.address.bytes;
      bool link_local = each.address.v6 && b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
      if (each.address.v6 != v6 || !each.settled || link_local || !usable(each.link)) continue;
      auto local = local_address(each.address, links[each.link]->name, each.temporary, each.deprecated);
      local.routed = routed(each.link, v6);
      ranks[each.link == way(v6) ? 0 : local.routed ? 1 : 2].push_back(std::move(local));
    }
    for (auto& rank : ranks) {
      std::sort(rank.begin(), rank.end(), in_order);
      state.addresses.insert(state.addresses.end(), rank.begin(), rank.end());
    }
    bool main = std::any_of(dumps.routes.begin(), dumps.routes.end(), [&](const auto& route) {
      return route.v6 == v6 && route.main && (route.link == 0 || usable(route.link));
    });
    (v6 ? state.route6 : state.route4) = way(v6) == way_unknown ? main : usable(way(v6));
    (v6 ? state.tunnel6 : state.tunnel4) = usable(way(v6)) && links[way(v6)]->tunnel;
  }
  return state;
}

}  // namespace qcloud
