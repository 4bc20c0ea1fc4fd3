#include "agent/app/supervisor.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "agent/core/backoff.hpp"
#include "agent/core/race.hpp"

namespace qcloud {

struct Supervisor::Child {
  Child(FeatureSlot s, boost::asio::any_io_executor executor)
      : slot(std::move(s)), wake(executor), silent(false) {
    for (FactBase* fact : slot.facts) subscriptions.push_back(fact->wake(wake));
  }
  bool wanted() const { return pauses == 0 && slot.wanted(); }

  FeatureSlot slot;
  Signal wake;
  Fact<bool> silent;  // true while nothing of it runs or leaves
  int pauses = 0;
  std::vector<FactBase::Subscription> subscriptions;
};

namespace {

// What ended the feature; empty when it ended by itself. Cancellation goes on unwinding.
Task<std::string> guarded(Task<void> work) {
  std::string fault;
  try {
    co_await std::move(work);
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted) throw;
    fault = error.what();
  } catch (const std::exception& error) {
    fault = error.what();
  }
  co_return fault;
}

}  // namespace

Supervisor::Supervisor(boost::asio::any_io_executor executor, Clock& clock, Rng& rng, HealthBoard& health,
                       const Log& log)
    : executor_(executor), clock_(clock), rng_(rng), health_(health), log_(log), nursery_(executor) {}
Supervisor::~Supervisor() = default;

void Supervisor::start(std::vector<FeatureSlot> slots) {
  for (auto& slot : slots) {
    Child& child = children_.emplace_back(std::move(slot), executor_);
    nursery_.spawn(supervise(&child));
  }
}

Task<void> Supervisor::stop() {
  co_await nursery_.stop();
  for (auto child = children_.rbegin(); child != children_.rend(); ++child)
    co_await child->slot.port->silence();
}

Supervisor::Child* Supervisor::find(std::string_view feature) {
  for (auto& child : children_)
    if (child.slot.manifest->name == feature) return &child;
  return nullptr;
}

Task<void> Supervisor::pause(std::string_view feature) {
  Child* child = find(feature);
  if (!child) co_return;
  ++child->pauses;
  child->wake.notify();
  Signal changed(executor_);
  auto subscription = child->silent.wake(changed);
  while (!child->silent.get()) co_await changed.wait();
}

void Supervisor::resume(std::string_view feature) {
  Child* child = find(feature);
  if (!child) return;
  --child->pauses;
  child->wake.notify();
}

Task<void> Supervisor::supervise(Child* child) {
  Backoff backoff(seconds(1), minutes(5));
  for (;;) {
    if (!child->wanted()) {
      if (child->slot.waits) health_.report(child->slot.manifest->name, child->slot.waits());
      child->silent.set(true);
      co_await child->wake.wait();
      if (child->slot.waits && child->wanted()) health_.report(child->slot.manifest->name, {});
      continue;
    }
    child->silent.set(false);
    auto work = guarded(child->slot.run());
    auto started = clock_.now();
    auto unwanted = [](Child* c) -> Task<void> {
      while (c->wanted()) co_await c->wake.wait();
    };
    auto fault = co_await before(std::move(work), unwanted(child));
    co_await child->slot.port->silence();
    if (!fault) {
      health_.report(child->slot.manifest->name, {});
      continue;
    }
    if (fault->empty()) {
      // Done for now: wait until what it looks at changes.
      health_.report(child->slot.manifest->name, {});
      child->silent.set(true);
      if (child->wanted()) co_await child->wake.wait();
      continue;
    }
    if (clock_.now() - started > minutes(10)) backoff.reset();
    log_.error(std::string(child->slot.manifest->name) +
               " stopped by a fault and is started again: " + *fault);
    Finding finding{"feature_failed", {{"reason", *fault}}};
    std::vector<Finding> findings{finding};
    health_.report(child->slot.manifest->name, findings);
    child->silent.set(true);
    auto again = clock_.now() + backoff.next(rng_) + seconds(1);
    while (child->wanted() && clock_.now() < again) co_await child->wake.wait_until(clock_, again);
    if (!child->wanted()) health_.report(child->slot.manifest->name, {});
  }
}

}  // namespace qcloud
