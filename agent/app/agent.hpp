// The composition root: makes every part once, in order, and hands each what it may use. The real
// process (main.cpp) and the simulation (tests/sim) build the same Agent.
#pragma once

#include "agent/app/link_desk.hpp"
#include "agent/app/settings.hpp"
#include "agent/app/supervisor.hpp"
#include "agent/cloud/box_certificate.hpp"
#include "agent/cloud/cloud_session.hpp"
#include "agent/cloud/orders.hpp"
#include "agent/cloud/riding.hpp"
#include "agent/control/api.hpp"
#include "agent/core/log_ring.hpp"
#include "agent/features/ddns/feature.hpp"
#include "agent/features/doctor/feature.hpp"
#include "agent/features/enroll/feature.hpp"
#include "agent/gate/gate.hpp"
#include "agent/gate/tls_end.hpp"

namespace qcloud {

struct AgentDeps {
  boost::asio::any_io_executor executor;
  Clock& clock;
  Rng& rng;
  Platform& platform;
  Transport& transport;
  Db& db;
  Log& log;
  std::map<std::string, Endpoint, std::less<>> endpoints;
  std::string vendor_public_key;      // PEM, Ed25519: verifies receipts
  WallTime build_time;                // a time that has certainly passed
  FileSettings file = {};             // what the configuration file says
  LocalDial* local = nullptr;         // services on this box, for the link; null: none can be reached
  const LogRing* log_ring = nullptr;  // the newest lines of the log, for a bundle
  TlsEnds* tls_ends = nullptr;        // TLS that ends on this box, for the link; null: none can
};

class Agent {
 public:
  explicit Agent(AgentDeps deps);
  ~Agent();
  Agent(const Agent&) = delete;

  // Loads the state and starts the features. Errors: store.*, identity.key.
  Status start();
  // Cancels everything, ends what is open, folds the ledger.
  Task<void> stop();

  // The parts, for the operations and the tests. Members are in start order; stop is the reverse.
  AgentDeps deps;
  Settings settings;
  Switches switches;
  Ledger ledger;
  HealthBoard health;
  Identity identity;
  CloudSession session;
  Outbox outbox;
  Orders orders;
  GateDeps gate;
  Fact<enroll::Progress> progress;
  Fact<std::optional<ddns::Reported>> reported;  // what the cloud has of us, as far as it was heard
  Fact<Riding> riding;                           // the cloud's word that comes with the link
  LinkDesk link;
  BoxCertificate box_certificate;
  doctor::History net_history;                  // when addresses and routes changed, lately
  std::optional<boost::json::object> examined;  // what the doctor found last
  int commands = 0;                             // what the owner commands at this moment
  Port enroll_port, ddns_port, link_port, erasure_port, doctor_port;
  Supervisor supervisor;
  Nursery registration;  // the device flow, while one runs
  Nursery background;    // housekeeping

  enroll::Deps enroll_deps();
  // May not be sent anew meanwhile.
  bool being_erased(std::string_view feature) const;
  // The cloud said that this box was removed, with this receipt; set by the operations, who decide.
  std::function<Task<void>(std::string receipt)> on_removal;
  // Events for whoever follows; set by the listener.
  std::function<void(const Event&)> publish = [](const Event&) {};

 private:
  Task<void> housekeeping();
  Task<void> watch_standing();
  Status save_floor();
};

// The list of features, in start order (features.cpp).
std::vector<const Manifest*> all_manifests();
std::vector<FeatureSlot> make_features(Agent& agent);

// While one lives, the owner has commanded something: the features without a switch may speak.
class OwnerCommand {
 public:
  explicit OwnerCommand(Agent& agent) : agent_(agent) { ++agent_.commands; }
  ~OwnerCommand() { --agent_.commands; }
  OwnerCommand(const OwnerCommand&) = delete;

 private:
  Agent& agent_;
};

}  // namespace qcloud
