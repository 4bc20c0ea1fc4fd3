// DiskActivity by the kernel's I/O counters in /sys, which are in memory: asking wakes no disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/clock.hpp"
#include "platform/platform.hpp"

namespace qcloud {

// The device is the one that holds `state_dir` (or what exists of that path when this is made):
// a partition counts as its whole disk, a mapped volume (LVM, encryption) as what it lies on; an md
// array counts by itself. No answer, hence "awake": tmpfs, overlay, network, btrfs and ZFS.
//
// There is no timer behind it: a change is seen when somebody asks. So with calls rarer than a minute
// a change may be older than it seems, and the agent's own writes count like those of others.
class BlockActivity final : public DiskActivity {
 public:
  BlockActivity(std::string state_dir, const std::string& system, Clock& clock);
  bool awake() override;

 private:
  std::optional<std::string> counters() const;

  Clock& clock_;
  std::vector<std::string> stat_files_;  // of all devices that hold the state; empty = cannot tell
  std::string last_;
  std::optional<Instant> last_change_;
};

// The /sys directories that hold the counters for a device number; empty where there are none.
std::vector<std::string> block_devices(const std::string& system, unsigned major, unsigned minor);

}  // namespace qcloud
