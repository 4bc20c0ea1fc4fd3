// Which of a host's addresses to try, and in which order (RFC 8305 in a simple form: one after the other,
// the families in turns, a short patience for each but the last).
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <vector>

#include "agent/gate/transport.hpp"

namespace qcloud {

using Addresses = std::vector<boost::asio::ip::address>;

// IPv4 first (see features/ddns: it is the family that hides changes), then in turns; of one family alone
// when it is asked for.
Addresses attempt_order(const Addresses& found, Family family);
inline constexpr std::size_t most_attempts = 6;  // so many of them, in one go

// Has this box a route to the internet of that family? Asks the kernel; sends nothing.
bool has_route(Family family);

// Why addresses of the kind `has` lead nowhere from a network that has only the other kind; nothing when that
// is not the reason.
std::optional<Error> family_mismatch(bool has_v4, bool has_v6, bool route_v4, bool route_v6);

// A DNS server that answers with one of these blocks the name, or knows nothing of the internet:
// unspecified, loopback, multicast.
bool is_sinkhole(const boost::asio::ip::address& address);
// RFC 1918, link-local, unique local.
bool is_private(const boost::asio::ip::address& address);

}  // namespace qcloud
