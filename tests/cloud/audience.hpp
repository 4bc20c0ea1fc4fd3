// Who may look a NAS up (promise L2), and the look-up itself.
#pragma once

#include <vector>

#include "tests/cloud/state.hpp"

namespace refcloud {

constexpr std::size_t most_invited = 50;

struct AudienceSetting {
  std::string audience;  ///< "everyone", "invited", "owner"
  std::vector<std::string> invited{};
};

AudienceSetting audience_of(State&, const std::string& device_id);

/// Records change at once. Logins are stored in lower case, whether or not there is such an account: an
/// answer that told them apart would let anyone list accounts. Throws 400 bad-member, 422 login-invalid and
/// too-many-invited, 503 dns-unavailable; then nothing is changed.
void set_audience(State&, const std::string& device_id, AudienceSetting);

/// {"name","fqdn","addresses":{"ipv4","ipv6"}}. `name` is a label or a name of our zone. Throws 404
/// not-found, the same for a name that does not exist and for one that this account may not look up, and 429.
json::object look_up(State&, const std::string& account, std::string_view name);

}  // namespace refcloud
