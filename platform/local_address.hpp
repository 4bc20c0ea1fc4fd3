// How the platforms make a LocalAddress: the value for messages always agrees with the address.
#pragma once

#include <string_view>

#include "platform/platform.hpp"

namespace qcloud {

LocalAddress local_address(const IpAddress& address, std::string_view interface, bool temporary = false,
                           bool deprecated = false);

// The order of NetState::addresses among those of one rank: by address, then by interface.
bool in_order(const LocalAddress& a, const LocalAddress& b);

}  // namespace qcloud
