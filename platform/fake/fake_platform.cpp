#include "platform/fake/fake_platform.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "agent/gate/mint.hpp"
#include "platform/local_address.hpp"

namespace qcloud {
namespace {

DeviceFacts facts() {
  return {Mint::text<DataClass::device_model>("Fake NAS"), Mint::text<DataClass::device_name>("fakenas"),
          Mint::text<DataClass::serial_tail>("7F3A"), "fake-hardware-1", "fake-boot-1"};
}

}  // namespace

FakePlatform::FakePlatform(const boost::asio::any_io_executor&)
    : platform_{"fake", facts(), {"/etc/qcloud/qcloud.toml", "/var/lib/qcloud", "/run/qcloud"},
                true,   "",      net_,
                disk_,  auth_,   system_} {}

void FakePlatform::set_addresses(std::initializer_list<std::string_view> texts) {
  std::vector<LocalAddress> addresses;
  for (auto text : texts) addresses.push_back(fake_address(text));
  set_addresses(std::move(addresses));
}

void FakePlatform::set_addresses(std::vector<LocalAddress> addresses) {
  std::sort(addresses.begin(), addresses.end(), in_order);
  NetState next;
  for (const auto& each : addresses) (each.address.v6 ? next.route6 : next.route4) = true;
  next.addresses = std::move(addresses);
  net_.state.set(std::move(next));
}

void FakePlatform::set_routes(bool route4, bool route6) {
  net_.state.update([&](NetState& state) {
    state.route4 = route4;
    state.route6 = route6;
  });
}

LocalAddress fake_address(std::string_view text, std::string_view interface, bool temporary,
                          bool deprecated) {
  auto address = parse_ip(text);
  if (!address) {
    std::fprintf(stderr, "fake_address: not an address: %.*s\n", int(text.size()), text.data());
    std::abort();
  }
  return local_address(*address, interface, temporary, deprecated);
}

}  // namespace qcloud
