// DiskActivity by the kernel's I/O counters in /sys, which are in memory: asking wakes no disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/clock.hpp"
#include "platform/platform.hpp"

namespace qcloud {

// The disks are those below the device that holds `state_dir` (or what exists of that path when this is
// made): a partition's disk, all disks of an array, what a mapped volume (LVM, encryption) lies on. Each
// must have been used: reading an array may turn one of its disks, writing to it turns all. Solid state
// disks do not count. No answer, hence "awake": tmpfs, overlay, network, btrfs and ZFS.
// The agent's own use counts like that of others.
class BlockActivity final : public DiskActivity {
 public:
  BlockActivity(std::string state_dir, const std::string& system, Clock& clock);
  // By the /sys folders of the disks; none: cannot tell.
  BlockActivity(const std::vector<std::string>& disks, Clock& clock);
  bool awake() override;

 private:
  struct Disk {
    std::string stat_file;
    std::string last;
    std::optional<Instant> changed;
  };
  bool used(Disk& disk, Instant now) const;

  Clock& clock_;
  std::vector<Disk> disks_;
  Instant looked_;
};

// The /sys folders of the disks below a device, by number or by its own /sys folder; empty where there
// are none.
std::vector<std::string> block_devices(const std::string& system, unsigned major, unsigned minor);
std::vector<std::string> block_devices(const std::string& folder);

}  // namespace qcloud
