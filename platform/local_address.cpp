#include "platform/local_address.hpp"

#include <tuple>

#include "agent/gate/mint.hpp"

namespace qcloud {

LocalAddress local_address(const IpAddress& address, std::string_view interface, bool temporary,
                           bool deprecated) {
  return {address, Mint::text<DataClass::public_address>(to_string(address)), std::string(interface),
          temporary, deprecated};
}

bool in_order(const LocalAddress& a, const LocalAddress& b) {
  return std::tie(a.address, a.interface) < std::tie(b.address, b.interface);
}

}  // namespace qcloud
