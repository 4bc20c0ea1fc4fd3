// What the owner can do, each as one function: the local API (api.cpp) and the simulation call the
// same. A decision is on the disk before its function returns without error.
#pragma once

#include <span>

#include "agent/app/agent.hpp"
#include "agent/core/turnstile.hpp"

namespace qcloud {

class Operations {
 public:
  explicit Operations(Agent& agent);

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

  // Who may look the box up, by the cloud's own word.
  Task<Result<boost::json::object>> audience();
  Task<Result<boost::json::object>> set_audience(std::string who, std::vector<std::string> invited);
  // What the cloud stores of this box, put right. Fields: device_name.
  Task<Status> correct_data(std::string field, std::string value);

  // Settings and switches as they were when the backup was made: a switch that it has on is switched on,
  // as the owner's act. What cannot be taken over is said, and the rest is done.
  struct Restored {
    std::vector<std::string> changed;
    std::vector<std::pair<std::string, std::string>> skipped;  // what, why
  };
  boost::json::object backup() const;
  Task<Result<Restored>> restore(boost::json::object backup, Millis wait);

  Task<Result<boost::json::object>> export_data(std::string feature);
  Task<Result<std::vector<Filed>>> erase_data(std::string feature, Millis wait);

 private:
  Error off_for_now(const std::vector<std::string>& features, const Error& why);
  Status switch_in_transaction(const std::string& feature, bool on, std::optional<Filed>* order);
  // Waits until the orders have their receipts, and says which have.
  Task<void> settle(std::span<Filed> orders, Millis wait);
  Task<void> settle(std::optional<Filed>* order, Millis wait);
  void folded();
  Status switches_off(WallTime now);
  Status unpublish();
  // A box that is not set up keeps nothing: no decision is taken that it could not keep.
  Status set_up() const;
  // The registration ended in the state: make it true in memory, and let nothing go on.
  Task<void> leave();
  // The cloud says that the account removed this box (promise R3).
  Task<void> take_removal(std::string receipt);
  // Pauses what is to be silent, makes the outbox true, lets it go on.
  Task<void> silence(std::vector<std::string> features);
  Agent& agent_;
  Turnstile decisions_;
};

Error not_registered();

}  // namespace qcloud
