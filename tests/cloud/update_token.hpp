// The password of a dyndns2 client: one a name, made and revoked on the account's page.
#pragma once

#include "tests/cloud/state.hpp"

namespace refcloud {

struct UpdateToken {
  Seconds made = 0;
  std::optional<Seconds> used, blocked;  ///< blocked: refused until then
};

/// The token of the name that this device has now.
std::optional<UpdateToken> update_token_of(State&, const std::string& device_id);
/// Replaces any that was; returns the secret, which is shown once and kept as a hash. Throws 409 no-name.
std::string make_update_token(State&, const std::string& device_id);
void revoke_update_token(State&, const std::string& device_id);

}  // namespace refcloud
