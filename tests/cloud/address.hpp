// IP addresses, and which of them may stand in public DNS.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace refcloud {

struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  ///< the first 4 for IPv4

  /// Canonical text (RFC 5952 for IPv6).
  std::string text() const;
  /// Globally reachable by the IANA special-purpose address registries (RFC 6890 and its followers), and
  /// unicast. Documentation ranges are not.
  bool global() const;
};

/// IPv4 in dotted decimal or IPv6 without zone; IPv4-mapped IPv6 becomes IPv4.
std::optional<Address> parse_address(std::string_view);

}  // namespace refcloud
