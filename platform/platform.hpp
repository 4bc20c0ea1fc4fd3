// Everything the agent needs of the box, on one page. Three implementations: linux/ (any Linux),
// fake/ (tests and simulation, scripted), qts/ (QNAP's boxes). Chosen by platform/open.hpp.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "agent/core/fact.hpp"
#include "agent/core/ip.hpp"
#include "agent/gate/value.hpp"

namespace qcloud {

struct DeviceFacts {
  Value<DataClass::device_model> model;       // "TS-464"; at most 40 printable characters
  Value<DataClass::device_name> name;         // the box's own name on the LAN; at most 63
  Value<DataClass::serial_tail> serial_tail;  // at most 4 characters; empty where there is none
  // A digest of what cannot be copied with the disks (serial number, board and network hardware).
  // Stable over reboots and updates, different on another box. Never leaves the box.
  std::string hardware;
  std::string boot_id;  // different after each boot
};

struct LocalAddress {
  IpAddress address;
  Value<DataClass::public_address> value;  // the same, as a message may carry it
  std::string interface;
  bool temporary = false;   // RFC 8981 privacy address
  bool deprecated = false;  // its preferred lifetime is over
  // Its interface has a default route of its family. Where not (a container's bridge, a second port with
  // a camera on it), nobody on the internet can reach the box there: never to be published.
  bool routed = true;
  bool operator==(const LocalAddress&) const = default;
};

struct NetState {
  // Duplicate address detection finished; no loopback, no link-local IPv6. IPv4 before IPv6; in each, the
  // interface that leads to the internet first, then others with a default route, then the rest.
  std::vector<LocalAddress> addresses;
  bool route4 = false, route6 = false;  // a packet to the internet would find its way out
  // That way is a tunnel (a VPN of this box, PPP): what the cloud sees is the far end's address, and this
  // box can be reached there only if it has that very address itself.
  bool tunnel4 = false, tunnel6 = false;
  // Whether anybody can be reached. A web proxy may stand in the own network, and be the only way out of it.
  bool way_out(bool proxied) const { return route4 || route6 || (proxied && !addresses.empty()); }
  bool operator==(const NetState&) const = default;
};

// The kernel's word on addresses and routes, by netlink: an event, never a poll.
class NetWatch {
 public:
  virtual ~NetWatch() = default;
  Fact<NetState> state;
};

struct Paths {
  std::string config_file;  // /etc/qcloud/qcloud.toml
  std::string state_dir;    // /var/lib/qcloud: durable and small, unless the box is not initialized
  std::string run_dir;      // /run/qcloud: memory, gone after a reboot; at most some 100 KB may lie there
};

class DiskActivity {
 public:
  virtual ~DiskActivity() = default;
  // Do all disks that a write to the state would wake turn anyway: was each used within the last minute?
  // Reads no disk. There is no timer behind it: the first call after a minute or more only takes a look
  // and says no; ask again within a minute. True where nothing turns, or nobody can tell.
  virtual bool awake() = 0;
};

// Who is behind a local connection.
class SessionAuth {
 public:
  virtual ~SessionAuth() = default;
  // root, or a member of the box's admin group by its group file (no NSS).
  virtual bool admin(uid_t uid, gid_t gid) = 0;
};

// What the box's own settings say of the world around it.
class SystemSettings {
 public:
  virtual ~SystemSettings() = default;
  // The kernel says that its clock follows NTP (adjtimex: STA_UNSYNC clear). False where it does not
  // say so, also where the time happens to be right.
  virtual bool clock_synchronized() = 0;
  // The box's system-wide web proxy, "http://host:port" without a path; empty: none. Read when asked.
  virtual std::string web_proxy() = 0;
};

struct Platform {
  std::string kind;  // "linux", "qts", "fake"
  DeviceFacts facts;
  Paths paths;
  // False on a NAS before its set-up: paths.state_dir lies in memory, and all that is in it goes with the
  // next restart, or with the set-up. Nobody may be told that something was kept.
  bool initialized = true;
  std::string set_up;  // where not initialized: what the NAS lacks, one sentence ("There is no ...")
  NetWatch& net;
  DiskActivity& disk;
  SessionAuth& auth;
  SystemSettings& system;
};

}  // namespace qcloud
