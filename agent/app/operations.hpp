// What the owner can do, each as one function: the local API (api.cpp) and the simulation call the
// same. A decision is on the disk before its function returns without error.
#pragma once

#include "agent/app/agent.hpp"
#include "agent/core/turnstile.hpp"

namespace qcloud {

class Operations {
 public:
  explicit Operations(Agent& agent) : agent_(agent), decisions_(agent.deps.executor) {}

  struct Filed {
    std::string id;
    std::string scope;
    bool settled = false;
  };
  struct Switched {
    bool changed = false;
    std::optional<Filed> order;
  };
  // `wait`: how long to wait for an order's receipt. Off: returns when nothing of the feature can leave.
  Task<Result<Switched>> set_switch(std::string feature, bool on, Millis wait);
  Task<Result<std::vector<Filed>>> go_offline(Millis wait);
  Task<Result<std::vector<std::string>>> go_online();

  // Starts the device flow and returns when there is a code to show, or it failed.
  Task<Status> begin_registration();
  Task<void> cancel_registration();
  Task<Result<std::optional<Filed>>> unregister(Millis wait);

  Task<Status> claim_name(std::string name, bool rename);
  Task<Status> release_name();

  Task<Result<boost::json::object>> export_data(std::string feature);
  Task<Result<std::vector<Filed>>> erase_data(std::string feature, Millis wait);

 private:
  Status switch_in_transaction(const std::string& feature, bool on, std::optional<Filed>* order);
  Task<void> settle_one(Filed* order, Millis wait);
  Task<void> settle_within(std::vector<Filed*> orders, Millis wait);
  void folded();
  // Pauses what is to be silent, makes the outbox true, lets it go on.
  Task<void> silence(std::vector<std::string> features);
  Agent& agent_;
  Turnstile decisions_;
};

}  // namespace qcloud
