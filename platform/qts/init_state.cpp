#include "platform/qts/init_state.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "platform/qts/ini.hpp"

namespace qcloud {
namespace {

constexpr const char* disks = "mnt/HDA_ROOT";

// The device of the file system that is mounted there, by the last line of /proc/mounts that says so.
// Nothing for file systems that lie in memory: a folder that nothing is mounted on is in one, too.
std::string mounted_device(const BoxFiles& files) {
  std::istringstream lines(files.read("proc/mounts"));
  std::string line, found;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string device, place, type;
    if (!(fields >> device >> place >> type) || place != std::string("/") + disks) continue;
    bool memory = type == "tmpfs" || type == "ramfs" || type == "rootfs";
    found = memory ? "" : device;
  }
  return found;
}

}  // namespace

InitState read_init_state(const BoxFiles& files) {
  InitState state;
  auto home = files.real(disks), config = files.real("etc/config");
  auto device = mounted_device(files);
  if (home.empty() || !config.starts_with(home + "/"))
    state.missing = "The first set-up was never finished: all settings are in memory only.";
  else if (device.empty())
    state.missing = "There is no disk for the settings: they are in memory only.";
  else if (ini_value(files.read("etc/config/def_share.info"), "SHARE_DEF", "defVolMP").value_or("").empty() &&
           !files.file("etc/config/qcloud/state.db"))
    state.missing = "There is no storage volume yet.";
  else
    state = {true, "", device};
  return state;
}

}  // namespace qcloud
