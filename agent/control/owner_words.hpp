// What the owner typed, as values that may leave. Checked here, before anything is sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/core/result.hpp"
#include "agent/gate/mint.hpp"

namespace qcloud {

// A public name: 3 to 32 of a-z, 0-9 and '-', made lower case. Error: name.invalid, in words.
Result<Value<DataClass::public_name>> owner_name(std::string_view text);
// Who may look the box up: everyone, invited or owner. Error: audience.invalid.
Result<Value<DataClass::audience>> owner_audience(std::string_view text);
// Logins of invited accounts, 50 at most, each 1 to 64 printable characters without blanks; twice the
// same counts once. Error: audience.invalid.
Result<Value<DataClass::invited_account>> owner_invited(const std::vector<std::string>& logins);
// What the box is called on the account's page: 1 to 63 printable characters. Error: device_name.invalid.
Result<Value<DataClass::device_name>> owner_device_name(std::string_view text);
// A feature's name that this agent knows.
Value<DataClass::feature_name> owner_feature(std::string_view known_name);

}  // namespace qcloud
