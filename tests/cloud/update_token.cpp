#include "tests/cloud/update_token.hpp"

#include "tests/cloud/publish.hpp"

namespace refcloud {

std::optional<UpdateToken> update_token_of(State& state, const std::string& device_id) {
  auto q = state.db().query("SELECT made, used, blocked FROM update_tokens WHERE device = ?", device_id);
  if (!q.next()) return std::nullopt;
  const auto time = [&q](int column) {
    return q.is_null(column) ? std::nullopt : std::optional<Seconds>(q.integer(column));
  };
  return UpdateToken{q.integer(0), time(1), time(2)};
}

std::string make_update_token(State& state, const std::string& device_id) {
  if (!name_of(state, device_id))
    throw Problem{409, "no-name", "This NAS has no public name yet; choose one first."};
  auto token = random_token(state.rng);
  state.db().run("INSERT OR REPLACE INTO update_tokens(device, token_hash, made) VALUES(?, ?, ?)", device_id,
                 sha256_hex(token), state.now());
  return token;
}

void revoke_update_token(State& state, const std::string& device_id) {
  state.db().run("DELETE FROM update_tokens WHERE device = ?", device_id);
}

}  // namespace refcloud
