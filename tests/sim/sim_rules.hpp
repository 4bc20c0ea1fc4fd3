// What may pass, written a second time from docs/openapi/cloud.yaml and not from the agent's manifests.
#pragma once

#include <string>
#include <vector>

#include "agent/gate/transport.hpp"
#include "tests/sim/sim_clock.hpp"

namespace sim {

// "ddns", "enroll", "erasure"; empty for what the contract does not know.
std::string feature_of(const std::string& method, const std::string& path);
// Names in the query and the body that the contract does not know for this request.
std::vector<std::string> unknown_members(const std::string& method, const std::string& path,
                                         const std::string& target, const std::string& body);
// What a sign-in page, a broken middlebox or a hostile cloud makes of an answer.
void lie(qcloud::HttpResponse& response, SimRng& rng);

}  // namespace sim
