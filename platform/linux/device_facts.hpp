// Who this box is, from firmware tables and device trees.
#pragma once

#include <string>
#include <string_view>

#include "platform/platform.hpp"

namespace qcloud {

// `system`: what stands before /sys and /proc ("/" on a real box); `root`: before /etc.
// The firmware's serial numbers are readable for root only: as another user the digest is another.
DeviceFacts read_device_facts(const std::string& root, const std::string& system);

// DeviceFacts::hardware alone: SHA-256 (hex) over machine serial, board serial and product UUID; over the
// lowest permanent MAC of the built-in network cards where there is none of these; over /etc/machine-id
// where there is no such card; empty where there is not even that.
std::string hardware_digest(const std::string& root, const std::string& system);

// The parts, for platforms that know more.

// As hardware_digest(), but never by /etc/machine-id.
std::string firmware_digest(const std::string& system);

// At most four letters and digits; empty where the serial number is none, or so short that they would be
// most of it. The owner compares it with the label on the box.
std::string serial_tail(const std::string& serial);

// What the firmware or the device tree has for a serial number; empty where it has none.
std::string machine_serial(const std::string& system);

// The address that a built-in network card was made with ("eth0"); empty where it cannot be told.
std::string permanent_mac(const std::string& system, const std::string& card);

// SHA-256 (hex) over `label=value` lines, in lower case; "" for none.
std::string hardware_fingerprint(std::string parts);

}  // namespace qcloud
