#include "agent/app/agent.hpp"

#include "agent/app/status.hpp"
#include "agent/features/ddns/manifest.hpp"
#include "agent/features/enroll/manifest.hpp"
#include "agent/features/erasure/manifest.hpp"
#include "agent/store/meta.hpp"

namespace qcloud {
namespace {

WallTime stored_floor(Db& db, WallTime build_time) {
  auto stored = get_meta(db, "time_floor");
  auto time = stored ? parse_rfc3339(*stored) : std::nullopt;
  return time ? std::max(*time, build_time) : build_time;
}

}  // namespace

Agent::Agent(AgentDeps d)
    : deps(std::move(d)),
      switches(deps.db, all_manifests()),
      ledger(deps.db, deps.clock),
      health(deps.clock),
      identity(deps.db, deps.platform.facts.hardware),
      session(deps.clock, identity, stored_floor(deps.db, deps.build_time)),
      outbox(deps.db),
      orders(outbox, identity, deps.clock, deps.rng, deps.vendor_public_key),
      gate{deps.transport, ledger, switches, session, deps.clock, deps.endpoints},
      enroll_port(gate, enroll::manifest, [this] { return switches.any_on() || commands > 0; }),
      ddns_port(gate, ddns::manifest, [this] { return switches.on(ddns::manifest.name); }),
      erasure_port(gate, erasure::manifest, [this] { return !outbox.open.get().empty() || commands > 0; }),
      supervisor(deps.executor, deps.clock, deps.rng, health, deps.log),
      registration(deps.executor),
      background(deps.executor) {}

Agent::~Agent() = default;

enroll::Deps Agent::enroll_deps() {
  return {deps.clock, deps.rng, deps.platform.facts, identity, session, health, progress};
}

Status Agent::start() {
  if (auto status = identity.load(); !status) return status;
  if (auto status = ledger.start(deps.platform.facts.boot_id); !status) return status;
  supervisor.start(make_features(*this));
  background.spawn(housekeeping());
  return {};
}

Task<void> Agent::stop() {
  co_await background.stop();
  co_await registration.stop();
  co_await supervisor.stop();
  auto folded = ledger.stop();
  if (!folded) deps.log.warning("the ledger could not be folded: " + folded.error().detail);
  auto saved = save_floor();
  (void)saved;
}

Status Agent::save_floor() { return set_meta(deps.db, "time_floor", to_rfc3339(session.floor())); }

// Once a day, if the disk is awake anyway, what waits in memory and tmpfs goes to the state.
Task<void> Agent::housekeeping() {
  auto last = deps.clock.now();
  for (;;) {
    co_await deps.clock.sleep_for(hours(1));
    if (deps.clock.now() - last < hours(24) || !deps.platform.disk.awake()) continue;
    last = deps.clock.now();
    if (auto folded = ledger.fold(); !folded)
      deps.log.warning("the ledger could not be folded: " + folded.error().detail);
    if (session.contact.get().last_contact)
      if (auto pruned = ledger.prune(session.now()); !pruned)
        deps.log.warning("the ledger could not be pruned: " + pruned.error().detail);
    auto saved = save_floor();
    (void)saved;
  }
}

}  // namespace qcloud
