// Which addresses should stand in the DNS now? Pure: inputs -> what should be true.
//
// One rule: only what two sources agree on is published.
//   IPv4, own public address    the interface and the cloud's view
//   IPv4, behind a router       two of the cloud's views, on separate connections
//   IPv6                        the kernel: a stable address whose duplicate detection has finished
// While sources differ, what is published stays if either source still claims it, else it goes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/ip.hpp"
#include "agent/health/health.hpp"

namespace qcloud::ddns {

struct Local {
  IpAddress address;
  bool temporary = false, deprecated = false;
};

// What the cloud saw: the address, and on how many separate connections in a row.
struct Seen {
  IpAddress address;
  int votes = 1;
};

struct Reported {
  std::optional<IpAddress> v4, v6;
  bool operator==(const Reported&) const = default;
};

struct Inputs {
  std::vector<Local> locals;
  std::optional<Seen> seen4;
  std::optional<Reported> reported;  // what the cloud has of us; unknown before the first look
  bool has_name = false;
  std::optional<IpAddress> second_hop;  // the router behind our router, if it answered
};

struct Decision {
  Reported wanted;
  bool report = false;       // `wanted` differs from what the cloud has
  bool second_look = false;  // ask again on a new connection before deciding
  std::vector<Finding> findings;
};

Decision decide(const Inputs& inputs);

// Behind a router, with nothing of our own that the internet reaches over IPv4.
bool behind_router(const std::vector<Local>& locals);

}  // namespace qcloud::ddns
