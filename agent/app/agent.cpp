#include "agent/app/agent.hpp"

#include <algorithm>

#include "agent/app/bundle.hpp"
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
      settings(deps.db, deps.file, deps.platform.system, deps.log),
      switches(deps.db, all_manifests()),
      ledger(deps.db, deps.clock),
      health(deps.clock),
      identity(deps.db, deps.platform.facts.hardware),
      session(deps.clock, identity, stored_floor(deps.db, deps.build_time),
              [this] { return deps.platform.system.clock_synchronized(); }),
      outbox(deps.db),
      orders(outbox, identity, deps.rng, deps.vendor_public_key),
      gate{deps.transport, ledger, switches, session, deps.clock, deps.endpoints},
      link(deps.db, deps.clock),
      box_certificate(deps.db),
      enroll_port(gate, enroll::manifest, [this] { return switches.any_on() || commands > 0; }),
      ddns_port(gate, ddns::manifest, [this] { return switches.on(ddns::manifest.name); }),
      link_port(gate, link::manifest, [this] { return switches.on(link::manifest.name); }),
      erasure_port(gate, erasure::manifest, [this] { return !outbox.open.get().empty() || commands > 0; }),
      doctor_port(gate, doctor::manifest, [this] { return commands > 0; }),
      supervisor(deps.executor, deps.clock, deps.rng, health, deps.log),
      registration(deps.executor,
                   [this](const std::string& fault) {
                     deps.log.error("the registration ended by a fault: " + fault);
                     enroll::Progress failed;
                     failed.state = "failed";
                     failed.error = Error{"register.fault", Retry::wait_for_owner,
                                          "The registration ended by a fault of the agent.",
                                          "Try again with: qcloud register"};
                     progress.set(failed);
                   }),
      background(deps.executor, [this](const std::string& fault) {
        deps.log.error("housekeeping ended by a fault: " + fault);
      }) {}

Agent::~Agent() = default;

enroll::Deps Agent::enroll_deps() {
  auto heard = [this] { return switches.on(ddns::manifest.name) && !being_erased(ddns::manifest.name); };
  return {deps.clock,
          deps.rng,
          deps.platform.facts,
          identity,
          session,
          health,
          progress,
          {riding, heard, {&switches.states, &outbox.open}}};
}

bool Agent::being_erased(std::string_view feature) const {
  const auto& now = identity.registration.get();
  const auto& orders = outbox.open.get();
  return now && std::any_of(orders.begin(), orders.end(), [&](const auto& order) {
           return order.scope == feature && order.thumbprint == now->thumbprint;
         });
}

Status Agent::start() {
  if (auto status = identity.load(); !status) return status;
  if (auto status = ledger.start(deps.platform.facts.boot_id); !status) return status;
  if (auto status = link.load(); !status) return status;
  supervisor.start(make_features(*this));
  background.spawn(housekeeping());
  background.spawn(watch_standing());
  background.spawn(keep_log_informed(*this));
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

Task<void> Agent::watch_standing() {
  Signal wake(deps.executor);
  auto subscription = session.contact.wake(wake);
  for (;;) {
    Contact contact = session.contact.get();
    if (contact.standing == Standing::removed && !contact.removal_receipt.empty() && on_removal)
      co_await on_removal(contact.removal_receipt);
    co_await wake.wait();
  }
}

Status Agent::save_floor() { return set_meta(deps.db, "time_floor", to_rfc3339(session.floor())); }

// Once a day, if the disk is awake anyway, what waits in memory and tmpfs goes to the state.
Task<void> Agent::housekeeping() {
  auto last = deps.clock.now();
  for (;;) {
    co_await deps.clock.sleep_for(hours(1));
    if (deps.clock.now() - last < hours(24)) continue;
    // Two looks, a moment apart: the first only begins to watch.
    (void)deps.platform.disk.awake();
    co_await deps.clock.sleep_for(seconds(45));
    if (!deps.platform.disk.awake()) continue;
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
