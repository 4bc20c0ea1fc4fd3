// Everything the agent needs of the box, on one page. Three implementations: linux/ (any Linux),
// fake/ (tests and simulation, scripted), qts/ (QNAP's boxes). Chosen in main.cpp.
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
  bool operator==(const LocalAddress&) const = default;
};

struct NetState {
  std::vector<LocalAddress> addresses;  // sorted; duplicate address detection finished; no loopback
  bool route4 = false, route6 = false;  // there is a default route
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
  std::string state_dir;    // /var/lib/qcloud: durable, small
  std::string run_dir;      // /run/qcloud: tmpfs, gone after a reboot
};

class DiskActivity {
 public:
  virtual ~DiskActivity() = default;
  // Is the block device that holds the state spinning anyway: did others use it within the last
  // minute? Reads no disk. True where nobody can tell.
  virtual bool awake() = 0;
};

// Who is behind a local connection.
class SessionAuth {
 public:
  virtual ~SessionAuth() = default;
  // root, or a member of the box's admin group by its group file (no NSS).
  virtual bool admin(uid_t uid, gid_t gid) = 0;
};

struct Platform {
  std::string kind;  // "linux", "qts", "fake"
  DeviceFacts facts;
  Paths paths;
  bool initialized = true;
  NetWatch& net;
  DiskActivity& disk;
  SessionAuth& auth;
};

}  // namespace qcloud
