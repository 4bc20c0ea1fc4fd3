// What stands between this box and the cloud? Pure: observations -> checks, each a code of the catalog.
//
// One fault shows in many places: behind a sign-in page the cloud's certificate is not the cloud's either.
// So the nearest cause is named, and what only follows from it is skipped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/ip.hpp"
#include "agent/features/doctor/words/catalog.hpp"
#include "agent/gate/transport.hpp"

namespace qcloud::doctor {

// One exchange with the cloud over TLS, as it ended.
struct Try {
  std::string error;   // the error's code; empty: the cloud answered
  std::string detail;  // the same in words
  int status = 0;
  Trace trace;
  bool answered() const { return error.empty(); }
};

struct Local {
  IpAddress address;
  std::string interface;
  bool routed = true;  // its interface leads to the internet
};

// What came back from port 80 without TLS.
struct Page {
  int status = 0;  // 0: nothing
  std::string location;
  int retransmits = 0;
};

struct OwnName {
  std::string fqdn;
  std::vector<IpAddress> published;  // by the cloud, which the DNS should say everywhere
  LookupAnswer answer;
};

// The link, as it stands.
struct Link {
  bool on = false;
  std::vector<std::string> relays;  // that hold this box
  std::size_t services = 0;         // published
  std::string seen;                 // from which address a relay sees this box
  std::string trouble;              // why none holds it, in words
  std::string waits{};              // or what it waits for, so that none was tried yet
};

struct Observed {
  // The box.
  std::string host;  // the cloud's
  std::vector<Local> locals;
  bool route4 = false, route6 = false, tunnel = false;
  bool way_out = false;  // over a route, or to a web proxy in the own network
  int changes = 0;       // of addresses and routes, within the last ten minutes
  bool clock_synchronized = true;
  Millis clock_error{0};  // the cloud's time minus ours, when the difference matters
  WallTime now;           // the best time known
  std::size_t orders = 0;
  bool orders_overdue = false;
  std::string orders_problem;
  std::string state_trouble, not_set_up;
  Link link;
  bool registered = false;
  std::string standing = "good";  // as the cloud says: good, revoked, removed, superseded, expired

  // What was tried; absent: it was not.
  std::optional<Try> v4, v6;  // the cloud, over either family (through a proxy: the first only)
  std::optional<Try> again;   // once more, where segments were lost
  std::optional<Try> look;    // with the certificate
  std::optional<Page> page;
  std::optional<LookupAnswer> no_such_name, nat64;
  std::optional<OwnName> name;
  std::optional<IpAddress> second_hop;
};

// In the catalog's order: all that was found, good and bad.
std::vector<Check> judge(const Observed& seen);

}  // namespace qcloud::doctor
