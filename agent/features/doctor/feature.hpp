// The doctor: what stands between this box and the cloud, when the owner asks.
#pragma once

#include <boost/json/object.hpp>
#include <deque>

#include "agent/cloud/cloud_session.hpp"
#include "agent/features/doctor/manifest.hpp"
#include "agent/features/doctor/policy.hpp"
#include "agent/gate/lanes.hpp"
#include "platform/platform.hpp"

namespace qcloud::doctor {

// When addresses or routes changed, lately. In memory only.
struct History {
  std::deque<Instant> changes;  // the newest last; at most 64
  int within(Instant since) const;
};

struct Deps {
  Clock& clock;
  NetWatch& net;
  History& history;
};
// Runs until cancelled. Remembers when the network changed, so that the doctor can tell of an unsteady
// one; sends nothing.
Task<void> run(Deps deps, Lanes<manifest> lanes);

// What the doctor is told of the box, because it cannot ask.
struct Box {
  std::string cloud_host;
  std::size_t orders = 0;
  bool orders_overdue = false;
  std::string orders_problem;
  std::string state_trouble;  // why the state cannot be written; empty: it can
  std::string not_set_up;
  Link link;
};
struct ExamineDeps {
  Clock& clock;
  NetWatch& net;
  SystemSettings& system;
  const Identity& identity;
  CloudSession& session;
  const History& history;
  bool proxied;  // a web proxy is set
};
// Within 30 seconds: {schema, made, checks:[{code, area, severity, text, cause, evidence, fix}]}.
Task<boost::json::object> examine(ExamineDeps deps, Lanes<manifest> lanes, Box box);

}  // namespace qcloud::doctor
