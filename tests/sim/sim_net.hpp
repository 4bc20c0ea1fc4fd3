// The network between a house and the cloud, with faults; and the invariants that are checked where
// the bytes pass. The cloud's own handlers answer.
#pragma once

#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/core/signal.hpp"
#include "agent/gate/transport.hpp"
#include "tests/cloud/cloud.hpp"
#include "tests/sim/sim_clock.hpp"
#include "tests/sim/sim_relay.hpp"

namespace sim {

struct CloudClock : refcloud::Clock {
  explicit CloudClock(Time& t) : time(t) {}
  refcloud::Seconds now() const override { return qcloud::unix_seconds(time.wall()); }
  void advance(refcloud::Seconds) override {}
  Time& time;
};

// What went wrong in this world: collected, not thrown, so that a run tells all it saw.
struct Verdict {
  std::vector<std::string> violations;
  void fail(const std::string& invariant, const std::string& what);
};

struct Counters {
  std::uint64_t requests = 0, heartbeats = 0, faults = 0, orders = 0, renewals = 0, reports = 0, reboots = 0,
                power_cuts = 0, dials = 0, attachments = 0;
};

// The path of one house.
struct Faults {
  bool down = false;  // no packet passes
  bool dns_down = false;
  double loss = 0;             // of a request or of its answer
  bool server_errors = false;  // 500, or 503 with Retry-After
  bool lying = false;          // a captive portal, garbage, or receipts with a broken signature
  Millis delay = 20ms;
  bool any() const { return down || dns_down || loss > 0 || server_errors || lying; }
};

class CloudHost {
 public:
  CloudHost(boost::asio::io_context& io, Time& time, std::uint64_t seed);
  refcloud::Reply handle(const refcloud::Request& request) { return cloud.handle(request); }

  CloudClock clock;
  refcloud::SeededRng rng;
  refcloud::MemoryDns dns;
  refcloud::Cloud cloud;
  std::map<std::string, std::set<qcloud::Signal*>> hanging;  // device id -> who waits
  Relays relays;
};

class SimTransport : public qcloud::Transport {
 public:
  SimTransport(boost::asio::io_context& io, Time& time, CloudHost& host, SimRng rng, Verdict& verdict,
               Counters& counters);

  Task<qcloud::Result<qcloud::HttpResponse>> exchange(qcloud::HttpRequest request,
                                                      qcloud::Meter& meter) override;
  Task<qcloud::Result<qcloud::DatagramAnswer>> datagram(qcloud::Datagram datagram,
                                                        qcloud::Meter& meter) override;
  // sim_link.cpp
  Task<qcloud::Result<std::unique_ptr<qcloud::ByteStream>>> open(qcloud::StreamRequest request,
                                                                 qcloud::Meter& meter) override;
  Task<void> drain(qcloud::Meter& meter) override;

  void set_public_address(const std::string& address);  // breaks what is under way, like a router does
  void break_connections();
  const std::string& public_address() const { return public_address_; }
  std::string own_address = "192.168.1.5";  // of the box

  Faults faults;
  Millis router_forgets{0};  // connections that are silent for so long; 0: none
  std::uint64_t dials = 0, attached = 0;
  // What the owner's confirmed decisions allow: the promises' own view, not the agent's.
  struct Allowed {
    bool ddns = false;        // switched on
    bool link = false;        // and this
    bool commanded = false;   // a command is under way
    bool order_open = false;  // an order may be pending
    bool any_on = false;
    std::string serial;                    // must never be seen
    std::set<std::string> banned_devices;  // identities that this hardware must not use
  } allowed;

 private:
  Task<qcloud::Status> reach();
  Task<qcloud::Result<qcloud::HttpResponse>> serve(qcloud::HttpRequest request);
  void check_allowed(const qcloud::HttpRequest& request);
  Task<qcloud::Result<qcloud::HttpResponse>> hang(refcloud::Hang hang, Instant deadline);
  qcloud::Result<qcloud::HttpResponse> read(refcloud::Response response);
  Task<qcloud::Result<std::unique_ptr<qcloud::ByteStream>>> dial(qcloud::StreamRequest request,
                                                                 qcloud::Meter* meter);
  void check_dial(const qcloud::StreamRequest& request);

  boost::asio::io_context& io_;
  Time& time_;
  CloudHost& host_;
  SimRng rng_;
  Verdict& verdict_;
  Counters& counters_;
  std::string public_address_ = "5.6.7.10";
  bool deceived_ = false;  // the last word about what the cloud has of us was a lie
  std::set<qcloud::Signal*> breaks_;
  std::vector<RelayStream*> streams_;
  std::deque<Instant> dialed_;          // in the last hour
  std::list<qcloud::Instant> dialing_;  // since when, each
  std::map<qcloud::Meter*, int> open_;
};

}  // namespace sim
