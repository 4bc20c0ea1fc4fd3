// The link: keeps this box attached to the relay, twice, and leads visitors to the published services.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/cloud/cloud_session.hpp"
#include "agent/cloud/riding.hpp"
#include "agent/core/rng.hpp"
#include "agent/features/link/manifest.hpp"
#include "agent/features/link/switchboard/switchboard.hpp"
#include "agent/gate/lanes.hpp"
#include "agent/health/health.hpp"
#include "platform/platform.hpp"

namespace qcloud::link {

// One connection to a relay, as status shows it.
struct Attached {
  std::string relay;   // its name for itself, or its address
  std::string remote;  // its address
  Instant since;
  Millis round_trip{-1};  // measured while bytes flow; this and the next are some seconds old
  std::size_t visits = 0;
  bool operator==(const Attached&) const = default;
};

struct State {
  std::vector<Attached> attached;
  std::string seen;  // the address from which a relay sees this box; empty: not told
  bool operator==(const State&) const = default;
};

struct Deps {
  Clock& clock;
  Rng& rng;
  NetWatch& net;
  Identity& identity;
  HealthBoard& health;
  LocalDial& dial;
  Fact<Services>& services;
  Fact<State>& state;
  Fact<Riding>& riding;
  std::function<std::string()> proxy;                // the web proxy on the way out; empty: none
  FactBase& proxy_now;                               // changes when that may have changed
  std::function<std::unique_ptr<TlsEnd>()> tls_end;  // with the box's certificate; null: there is none
  std::function<void(VisitRecord)> record;           // of a visit that is over
  // Set here: of those that are not; `state` is of this moment then. Null: none.
  std::function<std::vector<VisitRecord>()>& visits_there;
};

// Runs until cancelled; needs a registration in good standing. Every visit has ended when it unwinds.
Task<void> run(Deps deps, Lanes<manifest> lanes);

}  // namespace qcloud::link
