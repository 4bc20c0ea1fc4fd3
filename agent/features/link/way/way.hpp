// The way from this box to a relay: what it stands on here, and where it leads. Pure.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/clock.hpp"
#include "agent/features/link/policy.hpp"
#include "platform/platform.hpp"

namespace qcloud::link {

// Whether a connection from this address of the box still has what it had: its address, and a way out over
// the same interface. What comes and goes beside that (a container's bridge, a second port, an alias) does
// not touch it.
bool holds(const NetState& before, const NetState& now, const IpAddress& local);

// Names the network that the box is in, so that what was learned of it can be told from what was learned
// elsewhere.
std::string network_of(const NetState& net);

// They are few: whoever carries a box about begins anew.
class Networks {
 public:
  Liveness& in(const NetState& net) {
    if (liveness_.size() > 8) liveness_.clear();
    return liveness_[network_of(net)];
  }

 private:
  std::map<std::string, Liveness> liveness_;
};

// Which relay each address led to: one may have several. And which became none: for two minutes those are not
// the first choice.
class Nodes {
 public:
  void mute(const std::vector<std::string>& tried, Instant now) {
    if (mute_.size() > 64) mute_.clear();
    for (const auto& address : tried) mute_[address] = now;
  }
  void speaks(const std::string& address) { mute_.erase(address); }
  void list_mute(Instant now, std::vector<std::string>* addresses) const {
    for (const auto& [address, since] : mute_)
      if (now - since < minutes(2)) addresses->push_back(address);
  }
  void learn(const std::string& address, const std::string& relay) {
    if (relay_.size() > 32) relay_.clear();
    relay_[address] = relay;
  }
  bool is(const std::string& address, const std::string& relay) const {
    auto at = relay_.find(address);
    return at != relay_.end() && at->second == relay;
  }
  // Whether one of the addresses may lead to another.
  bool lead_elsewhere(const std::vector<std::string>& addresses, const std::string& relay) const {
    return std::any_of(addresses.begin(), addresses.end(),
                       [&](const std::string& address) { return !is(address, relay); });
  }
  void list(const std::string& relay, std::vector<std::string>* addresses) const {
    for (const auto& [address, known] : relay_)
      if (known == relay) addresses->push_back(address);
  }

 private:
  std::map<std::string, std::string> relay_;
  std::map<std::string, Instant> mute_;
};

// Two attachments at one relay are no more than one: its end is the end of both. When to look whether the
// relay's name leads to another: at once where it may, and after 1, 2, 4 .. 15 minutes, for that one may be
// down; every 15 minutes where it leads to this relay alone. A look that finds none costs a question of DNS,
// and a row in the owner's ledger. Which relay it is a relay says itself: what it says begins the looks anew
// only when it was so for two minutes.
class Apart {
 public:
  Instant next_look(Instant now, bool may_lead_elsewhere);
  void looked(Instant now) { since_ = now, ++looks_; }
  // They are at two relays.
  void reached(Instant now) {
    if (!apart_) apart_ = now;
  }
  // Not any more: one is gone, or they are at one.
  void over(Instant now) {
    if (apart_ && now - *apart_ >= minutes(2)) since_.reset(), looks_ = 0;
    apart_.reset();
  }

 private:
  std::optional<Instant> since_, apart_;  // they are at one; at two
  int looks_ = 0;
};

}  // namespace qcloud::link
