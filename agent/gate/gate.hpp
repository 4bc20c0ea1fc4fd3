// The gate: the one way out (promises A1, A2, A3, A7). A feature gets lanes (lanes.hpp); behind
// them stands a Port that knows the feature's manifest and whether it may speak at this moment.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "agent/core/rng.hpp"
#include "agent/gate/answer.hpp"
#include "agent/gate/ledger.hpp"
#include "agent/gate/message.hpp"
#include "agent/gate/session.hpp"
#include "agent/gate/switches.hpp"
#include "agent/gate/transport.hpp"

namespace qcloud {

// One region at a time: the hosts that this box may speak to, by role. Nothing else is reachable.
struct Endpoint {
  std::string host;
  std::uint16_t port = 443;
  std::string base_path;
};

struct SendOptions {
  Family family = Family::any;
  Millis patience = seconds(60);           // until the answer; for a hanging request the whole hang
  std::shared_ptr<Trace> trace = nullptr;  // filled in while it runs, also when it fails
  // Reads the answer; where it says cloud.bad_answer there is none, and was no contact with the cloud. Not
  // with a plain message, which is never read.
  std::function<Status(const Answer&)> reader = nullptr;
};

struct ProbeOptions {
  int hop_limit = 0;
  Millis patience = seconds(2);
};

struct StreamOptions {
  std::vector<std::string> alpn;
  std::vector<std::string> avoid, busy;
  bool others_only = false;
  std::vector<std::string> known;
  Millis idle = seconds(25);
  bool cautious = false;
  Millis patience = seconds(60);
  std::shared_ptr<Trace> trace = nullptr;  // as above
};

struct LookupOptions {
  Family family = Family::any;
  Millis patience = seconds(3);
};

struct GateDeps {
  Transport& transport;
  Ledger& ledger;
  Switches& switches;
  Session& session;
  Clock& clock;
  std::map<std::string, Endpoint, std::less<>> endpoints;  // role -> host
};

class Port : public Meter {
 public:
  // Asked at every send: is the switch on, or has the owner just commanded it?
  using Permit = std::function<bool()>;
  Port(GateDeps& deps, const Manifest& manifest, Permit permit);

  // Errors: gate.switched_off, gate.not_declared, gate.incomplete, gate.too_large, gate.no_host,
  // gate.called_off, identity.none, store.*, net.*, cloud.bad_answer.
  // An answer of any status is a value; to a plain message also a redirect or a page, unread (it is a
  // stranger's, and the session never hears of it).
  Task<Result<Answer>> send(RawMessage message, SendOptions options);
  Task<Result<DatagramAnswer>> probe(RawMessage message, ProbeOptions options);
  Task<Result<std::unique_ptr<ByteStream>>> open(RawMessage message, StreamOptions options);
  // The name is the message's one field. Each DNS server that is asked gets a row under its purpose.
  Task<Result<LookupAnswer>> lookup(RawMessage message, LookupOptions options);
  // Returns when nothing of this feature can leave any more.
  Task<void> silence();
  const Manifest& manifest() const { return manifest_; }

  bool permitted() const override;
  std::int64_t opened(const ConnectionInfo& info) override;
  void passed(std::int64_t id, std::uint64_t bytes_out, std::uint64_t bytes_in) override;
  void closed(std::int64_t id, std::uint64_t out, std::uint64_t in, ConnectionEnd end) override;
  void asked(std::int64_t id, const std::string& host_name, const std::string& server) override;

 private:
  class LookupMeter;
  Status admit(const RawMessage& message) const;
  Status remember_holding();
  Result<Answer> read(HttpResponse response) const;
  static Answer unread(HttpResponse response);

  GateDeps& deps_;
  const Manifest& manifest_;
  Permit permit_;
};

// Random identifiers that leave with a message.
Value<DataClass::request_id> make_request_id(Rng& rng);

}  // namespace qcloud
