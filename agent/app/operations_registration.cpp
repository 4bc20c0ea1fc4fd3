// Registering, unregistering, and the public name.
#include "agent/app/operations.hpp"
#include "agent/control/owner_words.hpp"
#include "agent/features/enroll/manifest.hpp"
#include "agent/store/meta.hpp"

namespace qcloud {

Error not_registered() {
  return {"identity.none", Retry::wait_for_owner, "This box is not registered.",
          "Register it with: qcloud register"};
}

namespace {

bool flow_runs(const Agent& agent) {
  const auto& state = agent.progress.get().state;
  return state == "starting" || state == "waiting" || state == "enrolling";
}

}  // namespace

namespace {

// Nobody is bound silently (promise R1): who it belongs to, and who can change that.
Error already(const Registration& registration) {
  auto whom = registration.account.empty() ? "an account" : "the account " + registration.account;
  return {
      "register.already", Retry::wait_for_owner,
      "This box belongs to " + whom + " (since " + to_rfc3339(registration.registered).substr(0, 10) + ").",
      "To bind it to another account, end this registration first: qcloud unregister (it also erases what "
      "the cloud stores), or let the owner of that account remove the box on its page."};
}

}  // namespace

Task<Status> Operations::begin_registration() {
  if (auto ready = set_up(); !ready) co_return ready;
  auto pass = co_await decisions_.enter();
  auto standing = agent_.session.contact.get().standing;
  if (agent_.identity.registration.get() && standing != Standing::removed)
    co_return already(*agent_.identity.registration.get());
  Signal wake(agent_.deps.executor);
  auto subscription = agent_.progress.wake(wake);
  if (!flow_runs(agent_)) {
    // A new registration begins with every switch off, whatever an earlier one left behind.
    auto off = agent_.deps.db.transaction([&] {
      // On other hardware, what was published was published by somebody else.
      auto none = agent_.identity.set_aside.get() ? unpublish() : Status();
      return none ? switches_off(agent_.session.now()) : none;
    });
    if (!off) co_return off;
    agent_.switches.refresh();
    agent_.box_certificate.forget();
    if (auto read = agent_.link.load(); !read) co_return read;
    enroll::Progress starting;
    starting.state = "starting";
    agent_.progress.set(starting);
    agent_.registration.spawn([](Agent& agent) -> Task<void> {
      OwnerCommand command(agent);
      co_await enroll::register_box(agent.enroll_deps(), Lanes<enroll::manifest>(agent.enroll_port));
      auto folded = agent.ledger.fold();
      (void)folded;
      co_await agent.enroll_port.silence();
    }(agent_));
  }
  pass.leave();
  while (agent_.progress.get().state == "starting") co_await wake.wait();
  if (agent_.progress.get().state == "failed" && agent_.progress.get().error)
    co_return *agent_.progress.get().error;
  co_return Status{};
}

Task<void> Operations::cancel_registration() {
  if (!flow_runs(agent_)) co_return;
  // Once approved, the cloud has made the device: it is finished, so that it can be unregistered properly.
  Signal wake(agent_.deps.executor);
  auto subscription = agent_.progress.wake(wake);
  auto deadline = agent_.deps.clock.now() + seconds(35);
  while (agent_.progress.get().state == "enrolling" && agent_.deps.clock.now() < deadline)
    co_await wake.wait_until(agent_.deps.clock, deadline);
  if (!flow_runs(agent_)) co_return;
  co_await agent_.registration.stop();
  co_await agent_.enroll_port.silence();
  agent_.progress.set({});
}

Task<Result<std::optional<Operations::Filed>>> Operations::unregister(Millis wait) {
  auto pass = co_await decisions_.enter();
  co_await cancel_registration();
  bool noted = get_meta(agent_.deps.db, note_removed) || get_meta(agent_.deps.db, note_damaged);
  if (!agent_.identity.registration.get() && !agent_.identity.set_aside.get() && !noted)
    co_return not_registered();
  std::optional<Filed> order;
  auto now = agent_.session.now();
  auto status = agent_.deps.db.transaction([&]() -> Status {
    if (auto off = switches_off(now); !off) return off;
    if (auto none = unpublish(); !none) return none;
    if (auto taken_down = forget_notes(agent_.deps.db); !taken_down) return taken_down;
    // A box that was removed on the account's page has nothing left to erase; asking is harmless.
    auto filed = agent_.orders.file("registration", now);
    if (!filed) return std::move(filed).error();
    if (*filed) order = Filed{**filed, "registration"};
    return agent_.identity.remove();
  });
  if (!status) co_return std::move(status).error();
  co_await leave();
  pass.leave();
  co_await settle(&order, wait);
  co_return order;
}

Status Operations::switches_off(WallTime now) {
  for (const auto& [name, state] : agent_.switches.states.get()) {
    if (state.on || agent_.switches.unwritten(name))
      if (auto off = agent_.switches.write(name, false, now); !off) return off;
    if (state.holds)
      if (auto none = agent_.switches.mark_holds(name, false, now); !none) return none;
  }
  return agent_.switches.forget_for_online();
}

// Part of a transaction: what was published, and the key that visitors met, go with the registration.
Status Operations::unpublish() {
  if (auto none = agent_.link.withdraw_all(); !none) return none;
  return agent_.box_certificate.destroy();
}

Task<void> Operations::leave() {
  // Memory first: what still runs finds no registration and no credential.
  agent_.switches.refresh();
  if (auto read = agent_.link.load(); !read) agent_.link.services.set({});
  agent_.box_certificate.forget();
  agent_.identity.forget();
  for (const Manifest* manifest : agent_.switches.manifests())
    if (manifest->name != "erasure") co_await agent_.supervisor.pause(manifest->name);
  agent_.link.forget_visitors();  // those as well whose visits ended just now
  agent_.session.reset_standing();
  agent_.progress.set({});
  agent_.reported.set(std::nullopt);
  agent_.outbox.refresh();
  for (const Manifest* manifest : agent_.switches.manifests())
    if (manifest->name != "erasure") agent_.supervisor.resume(manifest->name);
  folded();
}

Task<Status> Operations::claim_name(std::string name, bool rename) {
  const auto& registration = agent_.identity.registration.get();
  if (!registration) co_return not_registered();
  auto value = owner_name(name);
  if (!value) co_return std::move(value).error();
  if (!rename && !registration->name.empty() && value->json() != boost::json::value(registration->name))
    co_return Error{"name.exists", Retry::wait_for_owner,
                    "This box has the name " + registration->fqdn + " already.",
                    "Change it with: qcloud ddns rename " + name};
  if (rename && registration->name.empty())
    co_return Error{"name.none", Retry::wait_for_owner, "This box has no name yet.",
                    "Claim one with: qcloud ddns claim " + name};
  OwnerCommand command(agent_);
  auto status =
      co_await enroll::claim(agent_.enroll_deps(), Lanes<enroll::manifest>(agent_.enroll_port), *value);
  co_await agent_.enroll_port.silence();
  // Unregistered meanwhile: the name went with it.
  if (status && !agent_.identity.registration.get()) co_return not_registered();
  co_return status;
}

namespace {

boost::json::object audience_json(const enroll::Audience& audience) {
  boost::json::array invited;
  for (const auto& login : audience.invited) invited.emplace_back(login);
  return {{"audience", audience.audience}, {"invited", std::move(invited)}};
}

}  // namespace

Task<Result<boost::json::object>> Operations::audience() {
  if (!agent_.identity.registration.get()) co_return not_registered();
  OwnerCommand command(agent_);
  auto audience = co_await enroll::audience(Lanes<enroll::manifest>(agent_.enroll_port));
  co_await agent_.enroll_port.silence();
  if (!audience) co_return std::move(audience).error();
  co_return audience_json(*audience);
}

Task<Result<boost::json::object>> Operations::set_audience(std::string who,
                                                           std::vector<std::string> invited) {
  if (!agent_.identity.registration.get()) co_return not_registered();
  auto word = owner_audience(who);
  if (!word) co_return std::move(word).error();
  auto logins = owner_invited(invited);
  if (!logins) co_return std::move(logins).error();
  OwnerCommand command(agent_);
  auto audience = co_await enroll::set_audience(Lanes<enroll::manifest>(agent_.enroll_port), *std::move(word),
                                                *std::move(logins));
  co_await agent_.enroll_port.silence();
  if (!audience) co_return std::move(audience).error();
  co_return audience_json(*audience);
}

Task<Status> Operations::release_name() {
  if (!agent_.identity.registration.get()) co_return not_registered();
  OwnerCommand command(agent_);
  auto status = co_await enroll::release(agent_.enroll_deps(), Lanes<enroll::manifest>(agent_.enroll_port));
  co_await agent_.enroll_port.silence();
  co_return status;
}

}  // namespace qcloud
