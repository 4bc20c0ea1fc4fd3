#include "tests/cloud/address.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace refcloud {
namespace {

struct Block {
  const char* first;
  int bits;
  const char* why;
};

// IANA IPv4 Special-Purpose Address Registry, "globally reachable: false", plus multicast and class E.
constexpr Block not_global_v4[] = {
    {"0.0.0.0", 8, "this network"},
    {"10.0.0.0", 8, "private use"},
    {"100.64.0.0", 10, "carrier-grade NAT"},
    {"127.0.0.0", 8, "loopback"},
    {"169.254.0.0", 16, "link local"},
    {"172.16.0.0", 12, "private use"},
    {"192.0.0.0", 24, "IETF protocol assignments; its two anycast exceptions are no NAS"},
    {"192.0.2.0", 24, "documentation"},
    {"192.31.196.0", 24, "AS112"},
    {"192.52.193.0", 24, "AMT"},
    {"192.88.99.0", 24, "6to4 relay anycast, deprecated"},
    {"192.168.0.0", 16, "private use"},
    {"192.175.48.0", 24, "AS112"},
    {"198.18.0.0", 15, "benchmarking"},
    {"198.51.100.0", 24, "documentation"},
    {"203.0.113.0", 24, "documentation"},
    {"224.0.0.0", 4, "multicast"},
    {"240.0.0.0", 4, "reserved, and the limited broadcast"},
};

// Only 2000::/3 is assigned as global unicast; within it these are special.
constexpr Block not_global_v6[] = {
    {"2001::", 23, "IETF protocol assignments: Teredo, ORCHID, benchmarking"},
    {"2001:db8::", 32, "documentation"},
    {"2002::", 16, "6to4: holds an IPv4 address, often a private one"},
    {"2620:4f:8000::", 48, "AS112"},
    {"3fff::", 20, "documentation"},
};

bool inside(const Address& address, const Block& block) {
  std::array<std::uint8_t, 16> first{};
  inet_pton(address.v6 ? AF_INET6 : AF_INET, block.first, first.data());
  for (int bit = 0; bit < block.bits; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80 >> bit % 8);
    if ((address.bytes[static_cast<std::size_t>(bit) / 8] & mask) !=
        (first[static_cast<std::size_t>(bit) / 8] & mask))
      return false;
  }
  return true;
}

}  // namespace

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), out.data(), out.size());
  return out.data();
}

bool Address::global() const {
  const auto here = [this](const Block& block) { return inside(*this, block); };
  if (!v6) return std::none_of(std::begin(not_global_v4), std::end(not_global_v4), here);
  return bytes[0] >> 5 == 1 && std::none_of(std::begin(not_global_v6), std::end(not_global_v6), here);
}

std::optional<Address> parse_address(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  Address address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) != 1) return std::nullopt;
  address.v6 = true;
  static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), address.bytes.begin())) {
    Address v4;
    std::copy(address.bytes.begin() + 12, address.bytes.end(), v4.bytes.begin());
    return v4;
  }
  return address;
}

}  // namespace refcloud
