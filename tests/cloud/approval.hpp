// The owner's side of the device flow (RFC 8628 section 3.3): which NAS shows this code, and may it register?
#pragma once

#include "tests/cloud/state.hpp"

namespace refcloud {

struct AskingDevice {
  std::string user_code;
  std::string client;  ///< "qcloud-nas", or "qcloud-lookup": a program that wants to look up addresses
  std::string model;
  std::string name;
  std::string serial_tail;
};

/// As typed: case, blanks and dashes do not matter. "" if it cannot be a code.
std::string normal_user_code(std::string_view typed);
/// The NAS behind a code that still waits for a decision.
std::optional<AskingDevice> asking_device(State&, std::string_view user_code);
/// False if the code no longer waits.
bool decide(State&, std::string_view user_code, std::string_view account, bool allow);

}  // namespace refcloud
