// Was this NAS set up? QTS's first start works from memory: /etc/config is a plain folder there. Setting it
// up copies that folder to the disks, and makes it a link to the copy.
#pragma once

#include <string>

#include "platform/qts/box_files.hpp"

namespace qcloud {

struct InitState {
  bool initialized = false;
  std::string missing;  // where not: as Platform::set_up
  std::string device;   // where initialized: what holds /etc/config, "/dev/md9"
};

// Initialized: /etc/config is a link into /mnt/HDA_ROOT, that is mounted from disks, and there is a default
// volume; a box that has our state on its disks needs no volume any more, since one may be locked, rebuilt
// or replaced without making a registered box a stranger.
InitState read_init_state(const BoxFiles& files);

}  // namespace qcloud
