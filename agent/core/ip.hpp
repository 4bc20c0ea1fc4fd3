// IP addresses as values, and which of them the internet can reach.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qcloud {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // an IPv4 address uses the first four
  auto operator<=>(const IpAddress&) const = default;
};

enum class Reach : std::uint8_t {
  global,    // globally reachable: may be published
  shared,    // 100.64.0.0/10, a carrier's NAT (RFC 6598)
  local,     // RFC 1918, unique local, link-local, loopback
  reserved,  // documentation, benchmarks, multicast, future use, tunnels
};

// Strict dotted quad or RFC 4291 text; no zone, no prefix. An IPv4-mapped address becomes IPv4.
std::optional<IpAddress> parse_ip(std::string_view text);
std::string to_string(const IpAddress& address);

// By the IANA special-purpose registries for IPv4 (RFC 6890 and updates) and IPv6, November 2026.
Reach reach_of(const IpAddress& address);

}  // namespace qcloud
