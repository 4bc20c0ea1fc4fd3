// Who this box is, by QTS's files.
#pragma once

#include "platform/platform.hpp"
#include "platform/qts/box_files.hpp"

namespace qcloud {

// Model: platform.conf's display name, else uLinux.conf's. Name: uLinux.conf's server name.
// Serial number: what the start script left of `get_hwsn` in /var/run/qcloud/hwsn, else the firmware's.
// hardware: the first network port's own address, which belongs to the board (QTS reads it from there
// into /var/MacAddress), else the firmware's tables. Nothing that lies on a disk is part of it.
// `root` is the one of `files`.
DeviceFacts qts_device_facts(const BoxFiles& files, const std::string& root);

}  // namespace qcloud
