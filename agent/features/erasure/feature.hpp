// Settles the outbox: sends each order until a receipt that holds comes back (promise A5).
#pragma once

#include <boost/json/object.hpp>

#include "agent/cloud/cloud_session.hpp"
#include "agent/cloud/orders.hpp"
#include "agent/core/rng.hpp"
#include "agent/features/erasure/manifest.hpp"
#include "agent/gate/lanes.hpp"
#include "agent/health/health.hpp"
#include "platform/platform.hpp"

namespace qcloud::erasure {

struct Deps {
  Clock& clock;
  Rng& rng;
  Orders& orders;
  CloudSession& session;
  HealthBoard& health;
  NetWatch& net;
};

// Runs while orders are pending; ends when none is left.
Task<void> run(Deps deps, Lanes<manifest> lanes);

// A copy of what the cloud stores, as it sent it. Errors: cloud.*, net.*.
Task<Result<boost::json::object>> export_data(Lanes<manifest> lanes,
                                              std::optional<Value<DataClass::feature_name>> feature);

}  // namespace qcloud::erasure
