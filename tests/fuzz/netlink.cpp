// Bytes as from the kernel's routing socket -> parse_netlink, net_state.
#include "platform/linux/netlink.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  qcloud::Netlink out;
  qcloud::parse_netlink({data, size}, out);
  for (const auto& link : out.links) MUST(link.name.size() <= 16);
  auto state = qcloud::net_state(out);
  MUST(state.addresses.size() <= out.addresses.size());
  for (const auto& address : state.addresses) MUST(!address.interface.empty() || !out.links.empty());
  MUST(!out.malformed || out.changed);  // what cannot be read is a reason to ask again
  return 0;
}
