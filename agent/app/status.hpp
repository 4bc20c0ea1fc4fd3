// What `qcloud status` shows, derived from the facts and stored nowhere (docs/status.md).
#pragma once

#include "agent/app/agent.hpp"

namespace qcloud {

// What stands between this box and the cloud, in order of cause: the first that applies explains the rest.
struct WayInputs {
  bool any_on = false, order_open = false, registered = false, set_aside = false;
  std::string removed;       // when the account's page removed this box; kept until the next registration
  std::string damaged_file;  // a damaged state was kept under this name, until the next registration
  bool route = false;
  std::string not_set_up;  // what the box itself lacks, in words; empty when it is set up
  Contact contact;
  WallTime certificate_until;
  std::string state_trouble;  // why the ledger cannot be written; empty when it can
};
std::vector<Finding> way_findings(const WayInputs& inputs);

boost::json::object status_of(Agent& agent);

}  // namespace qcloud
