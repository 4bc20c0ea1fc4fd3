// Who this box is, from firmware tables and device trees.
#pragma once

#include <string>

#include "platform/platform.hpp"

namespace qcloud {

// `system`: what stands before /sys and /proc ("/" on a real box); `root`: before /etc.
// The firmware's serial numbers are readable for root only: as another user the digest is another.
DeviceFacts read_device_facts(const std::string& root, const std::string& system);

// DeviceFacts::hardware alone: SHA-256 (hex) over machine serial, board serial, product UUID and
// the lowest permanent MAC of the built-in network cards; over /etc/machine-id where there is none
// of these; empty where there is not even that.
std::string hardware_digest(const std::string& root, const std::string& system);

}  // namespace qcloud
