// The local API's table over the operations (docs/openapi/control.yaml).
#pragma once

#include "agent/app/operations.hpp"
#include "agent/control/api.hpp"

namespace qcloud {

std::vector<Route> make_routes(Agent& agent, Operations& operations);

// Publishes an event whenever what a GET shows has changed. Runs until cancelled.
Task<void> announce_changes(Agent& agent);

// The objects behind the GETs; also the data of the events.
boost::json::object registration_json(Agent& agent);
boost::json::object manifest_json(const Agent& agent, const Manifest& manifest);
boost::json::object receipt_json(Agent& agent, const Order& order);

}  // namespace qcloud
