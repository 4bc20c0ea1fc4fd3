// Which addresses should stand in the DNS now? Pure: inputs -> what should be true.
//
// One rule: only what two sources agree on is published.
//   IPv4, own public address    the interface and the cloud's view
//   IPv4, behind a router       two of the cloud's views, on separate connections
//   IPv6                        the kernel: a stable address whose duplicate detection has finished
// While sources differ, what is published stays if either source still claims it, else it goes.
// The far end of a tunnel (a VPN of this box) is not this box, unless it has that very address.
// Without a route for IPv4 no IPv4 address is published: what the cloud sees is then a NAT64's, shared
// with strangers (RFC 6146). A family that has just gone is given time to come back before it is
// withdrawn, so that a line that flaps does not make the records flap; another address is taken at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/clock.hpp"
#include "agent/core/ip.hpp"
#include "agent/health/health.hpp"

namespace qcloud::ddns {

struct Local {
  IpAddress address;
  bool temporary = false, deprecated = false;
  bool routed = true;  // its interface leads to the internet
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
  std::vector<Local> locals;  // the interface that leads to the internet first
  std::optional<Seen> seen4;
  std::optional<Reported> reported;  // what the cloud has of us; unknown before the first look
  bool has_name = false;
  std::optional<IpAddress> second_hop;  // the router behind our router, if it answered
  bool route4 = true;                   // there is a default route for IPv4
  bool tunnel4 = false;                 // it leads through a tunnel: the cloud sees its far end
  bool keep4 = false, keep6 = false;    // the family went a moment ago: what is published of it stays
};

struct Decision {
  Reported wanted;
  bool report = false;       // `wanted` differs from what the cloud has
  bool second_look = false;  // ask again on a new connection before deciding
  std::vector<Finding> findings;
};

Decision decide(const Inputs& inputs);

// Which families this box has, and when it lost them. A family is missed from its loss on; one that
// was never there is not.
class Families {
 public:
  static constexpr Millis patience = minutes(3);

  void see(const std::vector<Local>& locals, bool route4, Instant now);
  bool missed4(Instant now) const { return missed(lost4_, now); }
  bool missed6(Instant now) const { return missed(lost6_, now); }
  // When the next one is given up; nothing when none is missed.
  std::optional<Instant> until(Instant now) const;

 private:
  static bool missed(const std::optional<Instant>& lost, Instant now) {
    return lost && now < *lost + patience;
  }
  bool has4_ = false, has6_ = false;
  std::optional<Instant> lost4_, lost6_;
};

// A storm of changes (a lease that is renewed again and again, an interface that comes and goes) is
// waited out: ninety changes are acted upon at once, in a row that goes on one every five seconds.
class Storm {
 public:
  // How long to wait before acting on the change that was noticed now.
  Millis wait(Instant now);

 private:
  Instant paid_{};  // each change costs five seconds; this is until when they are paid for
};

// How long an economical box rests between two looks: a quarter of an hour, or what the cloud asks
// for (60 s to a day; 0: it did not), a fifth more or less, drawn by `jitter` (0..999).
Millis rest(int heartbeat_seconds, int jitter);

// How long a box that is told of news rests all the same: six hours, a fifth more or less. `jitter` as above.
Millis safety_net(int jitter);

// Behind a router, with nothing of our own that the internet reaches over IPv4.
bool behind_router(const std::vector<Local>& locals);

}  // namespace qcloud::ddns
