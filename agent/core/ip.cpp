#include "agent/core/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace qcloud {
namespace {

struct Block {
  std::array<std::uint8_t, 8> prefix;
  int bits;
  Reach reach;
};

// The longest match wins, so an exception stands before its block.
constexpr Block v4_blocks[] = {
    {{0}, 8, Reach::reserved},  // "this network"
    {{10}, 8, Reach::local},
    {{100, 64}, 10, Reach::shared},
    {{127}, 8, Reach::local},
    {{169, 254}, 16, Reach::local},
    {{172, 16}, 12, Reach::local},
    {{192, 0, 0, 9}, 32, Reach::global},   // PCP anycast
    {{192, 0, 0, 10}, 32, Reach::global},  // TURN anycast
    {{192, 0, 0}, 24, Reach::reserved},
    {{192, 0, 2}, 24, Reach::reserved},    // documentation
    {{192, 88, 99}, 24, Reach::reserved},  // 6to4 relay anycast, deprecated
    {{192, 168}, 16, Reach::local},
    {{198, 18}, 15, Reach::reserved},       // benchmarks
    {{198, 51, 100}, 24, Reach::reserved},  // documentation
    {{203, 0, 113}, 24, Reach::reserved},   // documentation
    {{224}, 4, Reach::reserved},            // multicast
    {{240}, 4, Reach::reserved},            // future use, broadcast
};

constexpr Block v6_blocks[] = {
    {{0x20, 0x01, 0x0d, 0xb8}, 32, Reach::reserved},  // documentation
    {{0x20, 0x01, 0x00, 0x20}, 28, Reach::reserved},  // ORCHIDv2: identifiers, not addresses
    {{0x20, 0x01, 0x00, 0x30}, 28, Reach::reserved},  // drone remote identification
    {{0x20, 0x01, 0x00}, 23, Reach::reserved},        // IETF protocol assignments, Teredo
    {{0x20, 0x02}, 16, Reach::reserved},              // 6to4
    {{0x3f, 0xff, 0x00}, 20, Reach::reserved},        // documentation (RFC 9637)
    {{0x20}, 3, Reach::global},                       // 2000::/3, global unicast
    {{0xfc}, 7, Reach::local},                        // unique local
    {{0xfe, 0x80}, 10, Reach::local},                 // link-local
};

bool within(const IpAddress& address, const Block& block) {
  for (int bit = 0; bit < block.bits; bit += 8) {
    auto index = static_cast<size_t>(bit / 8);
    int left = std::min(8, block.bits - bit);
    auto mask = static_cast<std::uint8_t>(0xff << (8 - left));
    if ((address.bytes[index] & mask) != (block.prefix[index] & mask)) return false;
  }
  return true;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  std::string copy(text);
  if (copy.size() > 45 || copy.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) != 1) return std::nullopt;
  static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), address.bytes.begin())) {
    IpAddress v4;
    std::copy_n(address.bytes.begin() + 12, 4, v4.bytes.begin());
    return v4;
  }
  return address;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
  return text;
}

Reach reach_of(const IpAddress& address) {
  if (address.v6) {
    for (const auto& block : v6_blocks)
      if (within(address, block)) return block.reach;
    static constexpr IpAddress loopback{true, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    return address == loopback ? Reach::local : Reach::reserved;  // whatever is not global unicast
  }
  for (const auto& block : v4_blocks)
    if (within(address, block)) return block.reach;
  return Reach::global;
}

}  // namespace qcloud
