// Bytes as from the kernel's routing socket -> parse_netlink, net_state.
#include "platform/linux/netlink.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  qcloud::Netlink out;
  qcloud::parse_netlink({data, size}, out);
  for (const auto& link : out.links) MUST(link.name.size() <= 16);
  // Whatever the ways out are said to be.
  out.way4 = size % 5 ? int(size % 5) : qcloud::way_unknown;
  out.way6 = out.links.empty() ? 0 : out.links.back().index;
  auto state = qcloud::net_state(out);
  MUST(state.addresses.size() <= out.addresses.size());
  for (const auto& address : state.addresses) MUST(!address.interface.empty() || !out.links.empty());
  MUST(qcloud::parse_way({data, size}) >= qcloud::way_unknown);
  MUST(!out.malformed || out.changed);  // what cannot be read is a reason to ask again
  return 0;
}
