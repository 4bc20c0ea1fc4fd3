// Switches, offline and online. The order to erase is filed in the switch's own transaction; the
// feature is silent before the order leaves, so that nothing can arrive after it.
#include "agent/app/operations.hpp"

namespace qcloud {

namespace {

Error unknown_feature(const std::string& feature) {
  return {"request.unknown_feature", Retry::give_up, "There is no feature \"" + feature + "\" with a switch.",
          "See them with: qcloud status"};
}

}  // namespace

// Off is off, also where it cannot be kept: what the owner no longer wants stops at once.
Error Operations::off_for_now(const std::vector<std::string>& features, const Error& why) {
  for (const auto& name : features) agent_.switches.keep_off(name);
  return {why.code, why.retry,
          why.detail +
              ". It is off now, but that could not be written: after a restart it would be on again. Nothing "
              "was ordered of the cloud.",
          "Make room on the volume of the agent's state, then switch it off again."};
}

Status Operations::switch_in_transaction(const std::string& feature, bool on, std::optional<Filed>* order) {
  auto now = agent_.session.now();
  if (auto status = agent_.switches.write(feature, on, now); !status) return status;
  if (on || !agent_.switches.holds(feature)) return {};
  auto filed = agent_.orders.file(feature, now);
  if (!filed) return std::move(filed).error();
  if (*filed) *order = Filed{**filed, feature};
  return agent_.switches.mark_holds(feature, false, now);
}

Task<Result<Operations::Switched>> Operations::set_switch(std::string feature, bool on, Millis wait) {
  const Manifest* manifest = agent_.switches.find(feature);
  if (!manifest) co_return unknown_feature(feature);
  if (!manifest->has_switch)
    co_return Error{"request.no_switch", Retry::give_up, "\"" + feature + "\" has no switch.",
                    "See the switches with: qcloud status"};
  if (on)
    if (auto ready = set_up(); !ready) co_return std::move(ready).error();
  Switched done;
  auto pass = co_await decisions_.enter();
  if (agent_.switches.on(feature) == on && !agent_.switches.unwritten(feature)) {
    // Nothing to change; an order of an earlier switch may still be open.
    for (const auto& open : agent_.outbox.open.get())
      if (!on && open.scope == feature) done.order = Filed{open.id, open.scope};
    pass.leave();
    co_await settle(&done.order, wait);
    co_return done;
  }
  auto status = agent_.deps.db.transaction([&]() -> Status {
    if (auto forgotten = agent_.switches.forget_for_online(); !forgotten) return forgotten;
    return switch_in_transaction(feature, on, &done.order);
  });
  if (!status && on) co_return std::move(status).error();
  done.changed = true;
  std::vector<std::string> stopped;
  if (!on) stopped.push_back(feature);
  std::optional<Error> unkept;
  if (!status) unkept = off_for_now(stopped, status.error());
  agent_.switches.refresh();
  if (!on) co_await silence(stopped);
  if (unkept) co_return *std::move(unkept);
  folded();
  pass.leave();
  co_await settle(&done.order, wait);
  co_return done;
}

Task<Result<std::vector<Operations::Filed>>> Operations::go_offline(Millis wait) {
  std::vector<Filed> orders;
  std::vector<std::string> stopped;
  auto pass = co_await decisions_.enter();
  auto status = agent_.deps.db.transaction([&]() -> Status {
    if (agent_.switches.any_on())
      if (auto remembered = agent_.switches.remember_for_online(); !remembered) return remembered;
    for (const auto& [name, state] : agent_.switches.states.get()) {
      if (!state.on && !agent_.switches.unwritten(name)) continue;
      std::optional<Filed> order;
      if (auto switched = switch_in_transaction(name, false, &order); !switched) return switched;
      if (order) orders.push_back(*order);
      stopped.push_back(name);
    }
    return {};
  });
  std::optional<Error> unkept;
  if (!status) {
    stopped.clear();
    for (const auto& [name, state] : agent_.switches.states.get())
      if (state.on) stopped.push_back(name);
    unkept = off_for_now(stopped, status.error());
  }
  agent_.switches.refresh();
  co_await silence(stopped);
  if (unkept) co_return *std::move(unkept);
  folded();
  pass.leave();
  co_await settle(std::span<Filed>(orders), wait);
  co_return orders;
}

Status Operations::set_up() const {
  const auto& platform = agent_.deps.platform;
  if (platform.initialized) return {};
  return Error{"platform.not_set_up", Retry::wait_for_owner,
               platform.set_up + " What is decided now would be lost with the set-up or the next restart.",
               "Set the NAS up and make a storage volume, restart it, then try again."};
}

Task<Result<std::vector<std::string>>> Operations::go_online() {
  if (auto ready = set_up(); !ready) co_return std::move(ready).error();
  auto pass = co_await decisions_.enter();
  auto names = agent_.switches.remembered();
  auto status = agent_.deps.db.transaction([&]() -> Status {
    for (const auto& name : names)
      if (auto switched = agent_.switches.write(name, true, agent_.session.now()); !switched) return switched;
    return agent_.switches.forget_for_online();
  });
  if (!status) co_return std::move(status).error();
  agent_.switches.refresh();
  folded();
  co_return names;
}

Task<void> Operations::silence(std::vector<std::string> features) {
  // With every switch off the registration rests as well: no renewal is left under way.
  if (!agent_.switches.any_on()) features.emplace_back("enroll");
  for (const auto& name : features) co_await agent_.supervisor.pause(name);
  agent_.outbox.refresh();
  for (const auto& name : features)
    if (name == "ddns") agent_.reported.set(std::nullopt);
  for (const auto& name : features) agent_.supervisor.resume(name);
}

Task<void> Operations::settle(std::optional<Filed>* order, Millis wait) {
  if (*order) co_await settle(std::span<Filed>(&**order, 1), wait);
}

Task<void> Operations::settle(std::span<Filed> orders, Millis wait) {
  Signal wake(agent_.deps.executor);
  auto subscription = agent_.outbox.open.wake(wake);
  auto deadline = agent_.deps.clock.now() + wait;
  for (;;) {
    bool open = false;
    for (Filed& order : orders) {
      order.settled = !agent_.outbox.is_open(order.id);
      open = open || !order.settled;
    }
    if (!open || agent_.deps.clock.now() >= deadline) co_return;
    co_await wake.wait_until(agent_.deps.clock, deadline);
  }
}

// The disk has just been written: what waits in tmpfs may follow.
void Operations::folded() {
  if (auto status = agent_.ledger.fold(); !status)
    agent_.deps.log.warning("the ledger could not be folded: " + status.error().detail);
}

}  // namespace qcloud
