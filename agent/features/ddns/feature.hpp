// Found by name: keeps the cloud's picture of this box's addresses true.
#pragma once

#include <functional>

#include "agent/cloud/cloud_session.hpp"
#include "agent/cloud/riding.hpp"
#include "agent/core/rng.hpp"
#include "agent/features/ddns/manifest.hpp"
#include "agent/features/ddns/policy.hpp"
#include "agent/gate/lanes.hpp"
#include "agent/health/health.hpp"
#include "platform/platform.hpp"

namespace qcloud::ddns {

struct Deps {
  Clock& clock;
  Rng& rng;
  NetWatch& net;
  Identity& identity;
  HealthBoard& health;
  Fact<std::optional<Reported>>& reported;  // told to whoever shows the status
  Fact<bool>& economy;                      // no standing connection: a look now and then
  Fact<Riding>& riding;                     // while it is on, nothing hangs: the link brings the cloud's word
  CloudSession& session;                    // told of answers that cannot be read
  std::function<bool()> proxied;            // a web proxy chooses the way: probing it says nothing
  FactBase& proxy_now;                      // changes when that may have changed
};

// Runs until cancelled; needs a registration in good standing.
Task<void> run(Deps deps, Lanes<manifest> lanes);

}  // namespace qcloud::ddns
