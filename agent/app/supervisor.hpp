// Runs each feature exactly while it is wanted. A feature that is no longer wanted is cancelled and
// silenced; one that stopped by a fault is started again, less and less often.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "agent/core/log.hpp"
#include "agent/core/nursery.hpp"
#include "agent/core/rng.hpp"
#include "agent/gate/gate.hpp"
#include "agent/health/health.hpp"

namespace qcloud {

struct FeatureSlot {
  const Manifest* manifest;
  Port* port;
  std::function<bool()> wanted;     // derived from facts; cheap
  std::function<Task<void>()> run;  // ends by itself, by fault, or by cancellation
  std::vector<FactBase*> facts;     // what `wanted` and `waits` look at
  // Why it does not run although it is switched on, if that needs to be said; null: never.
  std::function<std::vector<Finding>()> waits{};
};

class Supervisor {
 public:
  Supervisor(boost::asio::any_io_executor executor, Clock& clock, Rng& rng, HealthBoard& health,
             const Log& log);
  ~Supervisor();

  // In start order.
  void start(std::vector<FeatureSlot> slots);
  // In reverse order; returns when all are silent.
  Task<void> stop();

  // Keeps the feature from running, until resume(); returns when it is silent.
  Task<void> pause(std::string_view feature);
  void resume(std::string_view feature);

 private:
  struct Child;
  Task<void> supervise(Child* child);
  Child* find(std::string_view feature);

  boost::asio::any_io_executor executor_;
  Clock& clock_;
  Rng& rng_;
  HealthBoard& health_;
  const Log& log_;
  std::list<Child> children_;
  Nursery nursery_;
};

}  // namespace qcloud
