// The public name belongs to the registration, not to a feature. Which records it has is computed here, from
// what the cloud knows at this moment, and nowhere else; nothing about the result is stored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/cloud/address.hpp"

namespace refcloud {

/// Who may look the NAS up (promise L2).
enum class Audience { everyone, invited, owner };

/// The A and AAAA rrsets of one name; an empty one means that the rrset does not exist.
struct Records {
  std::vector<std::string> a;
  std::vector<std::string> aaaa;
  bool operator==(const Records&) const = default;
};

struct RecordInputs {
  bool registered = true;              ///< false once revoked or removed
  std::optional<Address> direct_ipv4;  ///< as `ddns` reported it
  std::optional<Address> direct_ipv6;
  std::optional<Records> relay;  ///< addresses of the relay that the NAS is attached to, if it is
  Audience audience = Audience::everyone;
};

/// direct, relay, or none:
/// - not registered: none;
/// - attached to a relay: the relay's, for every audience. It answers wherever the box stands; whether a
/// direct
///   address does, nobody has checked from outside;
/// - everyone: the direct addresses that are globally reachable;
/// - invited, owner: the relay's, or none. A home address never stands in public DNS for them.
Records derive_records(const RecordInputs&);

}  // namespace refcloud
