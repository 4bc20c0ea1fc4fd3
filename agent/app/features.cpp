// The features of this agent, in start order. To add one: its folder, its port, one entry here.
#include "agent/app/agent.hpp"
#include "agent/features/ddns/feature.hpp"
#include "agent/features/doctor/feature.hpp"
#include "agent/features/enroll/feature.hpp"
#include "agent/features/erasure/feature.hpp"
#include "agent/features/link/feature.hpp"

namespace qcloud {

std::vector<const Manifest*> all_manifests() {
  return {&enroll::manifest, &ddns::manifest, &link::manifest, &erasure::manifest, &doctor::manifest};
}

std::vector<FeatureSlot> make_features(Agent& agent) {
  auto standing = [&agent] { return agent.session.contact.get().standing; };
  auto registered = [&agent] { return agent.identity.registration.get().has_value(); };
  auto waits_for_erasure = [&agent, standing](std::string_view feature) {
    return [&agent, standing, feature]() -> std::vector<Finding> {
      if (!agent.switches.on(feature) || standing() != Standing::good || !agent.being_erased(feature))
        return {};
      return {{"waits_for_erasure", {}}};
    };
  };

  std::vector<FeatureSlot> slots;
  // The first: the others ride on it, and are stopped before it (agent/cloud/riding.hpp).
  slots.push_back(
      {&link::manifest,
       &agent.link_port,
       [&agent, standing, registered] {
         return agent.deps.local && agent.switches.on(link::manifest.name) && registered() &&
                standing() == Standing::good && !agent.being_erased(link::manifest.name);
       },
       [&agent] {
         link::Deps deps{agent.deps.clock,
                         agent.deps.rng,
                         agent.deps.platform.net,
                         agent.identity,
                         agent.health,
                         *agent.deps.local,
                         agent.link.services,
                         agent.link.state,
                         agent.riding,
                         [&agent] { return agent.settings.proxy(); },
                         agent.settings.proxy_now,
                         [&agent]() -> std::unique_ptr<TlsEnd> {
                           const auto& registration = agent.identity.registration.get();
                           if (!registration || !agent.deps.tls_ends) return nullptr;
                           return agent.deps.tls_ends->make(
                               agent.box_certificate.pem(registration->fqdn, agent.session.now()));
                         },
                         [&agent](link::VisitRecord visit) { agent.link.record(std::move(visit)); },
                         agent.link.visits_there};
         return link::run(std::move(deps), Lanes<link::manifest>(agent.link_port));
       },
       {&agent.switches.states, &agent.identity.registration, &agent.session.contact, &agent.outbox.open},
       waits_for_erasure(link::manifest.name)});
  slots.push_back(
      {&enroll::manifest,
       &agent.enroll_port,
       [&agent, standing, registered] {
         return registered() && agent.switches.any_on() &&
                (standing() == Standing::good || standing() == Standing::expired);
       },
       [&agent] { return enroll::run(agent.enroll_deps(), Lanes<enroll::manifest>(agent.enroll_port)); },
       {&agent.identity.registration, &agent.switches.states, &agent.session.contact}});
  slots.push_back(
      {&ddns::manifest,
       &agent.ddns_port,
       [&agent, standing, registered] {
         return agent.switches.on(ddns::manifest.name) && registered() && standing() == Standing::good &&
                !agent.being_erased(ddns::manifest.name);
       },
       [&agent] {
         ddns::Deps deps{agent.deps.clock,
                         agent.deps.rng,
                         agent.deps.platform.net,
                         agent.identity,
                         agent.health,
                         agent.reported,
                         agent.settings.economy,
                         agent.riding,
                         agent.session,
                         [&agent] { return !agent.settings.proxy().empty(); },
                         agent.settings.proxy_now};
         return ddns::run(deps, Lanes<ddns::manifest>(agent.ddns_port));
       },
       {&agent.switches.states, &agent.identity.registration, &agent.session.contact, &agent.outbox.open},
       waits_for_erasure(ddns::manifest.name)});
  slots.push_back({&erasure::manifest,
                   &agent.erasure_port,
                   [&agent] { return !agent.outbox.open.get().empty(); },
                   [&agent] {
                     erasure::Deps deps{agent.deps.clock, agent.deps.rng, agent.orders,
                                        agent.session,    agent.health,   agent.deps.platform.net};
                     return erasure::run(deps, Lanes<erasure::manifest>(agent.erasure_port));
                   },
                   {&agent.outbox.open}});
  slots.push_back({&doctor::manifest,
                   &agent.doctor_port,
                   [] { return true; },
                   [&agent] {
                     doctor::Deps deps{agent.deps.clock, agent.deps.platform.net, agent.net_history};
                     return doctor::run(deps, Lanes<doctor::manifest>(agent.doctor_port));
                   },
                   {}});
  return slots;
}

}  // namespace qcloud
