// What the owner typed, as values that may leave. Checked here, before anything is sent.
#pragma once

#include <string_view>

#include "agent/core/result.hpp"
#include "agent/gate/mint.hpp"

namespace qcloud {

// A public name: 3 to 32 of a-z, 0-9 and '-', made lower case. Error: name.invalid, in words.
Result<Value<DataClass::public_name>> owner_name(std::string_view text);
// A feature's name that this agent knows.
Value<DataClass::feature_name> owner_feature(std::string_view known_name);

}  // namespace qcloud
