// The authorization server: OAuth 2.0 Device Authorization Grant (RFC 8628), metadata by RFC 8414.
//
// The NAS asks for a device code and shows its user code; the owner approves on the account's page
// (page_device.cpp); the NAS polls for an access token, which buys exactly one certificate (est.cpp).
// A program of somebody who was invited does the same under another client id; its token is good for an hour
// of look-ups (audience.cpp) and for nothing else.
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/limits.hpp"

namespace refcloud {
namespace {

constexpr std::string_view nas_client = "qcloud-nas";
constexpr std::string_view lookup_client = "qcloud-lookup";

bool known(std::string_view client) { return client == nas_client || client == lookup_client; }
std::string_view scope_of(std::string_view client) { return client == nas_client ? "nas" : "lookup"; }
constexpr std::string_view grant = "urn:ietf:params:oauth:grant-type:device_code";

// RFC 6749 section 5.2
Response oauth_error(int status, std::string_view error, std::string_view description) {
  return json_response(status, json::object{{"error", error}, {"error_description", description}});
}

std::string field(const Call& call, std::string_view name) {
  const auto* const value = find(call.form, name);
  return value ? *value : std::string();
}

}  // namespace

Reply get_metadata(State&, const Call& call) {
  return json_response(200, json::object{{"issuer", call.origin},
                                         {"device_authorization_endpoint", call.origin + "/device/auth"},
                                         {"token_endpoint", call.origin + "/token"},
                                         {"grant_types_supported", json::array{grant}},
                                         {"response_types_supported", json::array{}},
                                         {"scopes_supported", json::array{"nas", "lookup"}},
                                         {"token_endpoint_auth_methods_supported", json::array{"none"}}});
}

Reply post_device_auth(State& state, const Call& call) {
  const auto client = field(call, "client_id");
  if (!known(client)) return oauth_error(401, "invalid_client", "Unknown client_id.");
  if (field(call, "scope") != scope_of(client))
    return oauth_error(400, "invalid_scope",
                       "The scope of this client is \"" + std::string(scope_of(client)) + "\".");
  const auto model = field(call, "device_model");
  const auto name = field(call, "device_name");
  const auto tail = field(call, "device_serial_tail");
  if (!printable(model, client == nas_client ? 1 : 0, 64) || !printable(name, 0, 64) ||
      !printable(tail, 0, 4))
    return oauth_error(400, "invalid_request",
                       "device_model (1 to 64 bytes; up to 64 of a program), device_name (up to 64) and "
                       "device_serial_tail (up to "
                       "4) must be plain text.");
  limit(state, "device_code", call.source, state.settings.device_codes_per_address, 10 * minute);
  count_attempt(state, "device_code", call.source);

  const auto device_code = random_token(state.rng);
  std::string user_code;
  do {
    // RFC 8628 section 6.1: base 20, no vowels, 8 letters are 34.5 bits.
    user_code = random_letters(state.rng, "BCDFGHJKLMNPQRSTVWXZ", 8);
    user_code.insert(4, 1, '-');
  } while (state.db().query("SELECT 1 FROM device_codes WHERE user_code = ?", user_code).next());
  const auto& settings = state.settings;
  state.db().run("INSERT INTO device_codes VALUES(?, ?, ?, ?, ?, ?, ?, ?, NULL, 'pending', NULL)",
                 sha256_hex(device_code), user_code, client, model, name, tail,
                 state.now() + settings.device_code_lifetime, settings.poll_interval);
  const auto uri = (settings.public_url.empty() ? call.origin : settings.public_url) + "/device";
  return json_response(200, json::object{{"device_code", device_code},
                                         {"user_code", user_code},
                                         {"verification_uri", uri},
                                         {"verification_uri_complete", uri + "?user_code=" + user_code},
                                         {"expires_in", settings.device_code_lifetime},
                                         {"interval", settings.poll_interval}});
}

Reply post_token(State& state, const Call& call) {
  const auto client = field(call, "client_id");
  if (!known(client)) return oauth_error(401, "invalid_client", "Unknown client_id.");
  if (field(call, "grant_type") != grant)
    return oauth_error(400, "unsupported_grant_type", "Only the device code grant is supported.");
  const auto hash = sha256_hex(field(call, "device_code"));
  auto q = state.db().query(
      "SELECT expires, poll_interval, last_poll, state, account, model, device_name, serial_tail FROM "
      "device_codes WHERE code_hash = ? AND client = ?",
      hash, client);
  if (!q.next()) return oauth_error(400, "invalid_grant", "Unknown or used device_code.");
  if (q.integer(0) <= state.now())
    return oauth_error(400, "expired_token", "The code has expired; start again.");
  // RFC 8628 section 3.5: each poll that comes too early costs five seconds more, for good.
  const bool early = !q.is_null(2) && state.now() < q.integer(2) + q.integer(1);
  state.db().run(
      "UPDATE device_codes SET last_poll = ?, poll_interval = poll_interval + ? WHERE code_hash = ?",
      state.now(), early ? 5 : 0, hash);
  if (early) return oauth_error(400, "slow_down", "Wait five seconds longer between two requests.");
  const auto decision = q.text(3);
  if (decision == "denied") return oauth_error(400, "access_denied", "The owner said no.");
  if (decision != "approved")
    return oauth_error(400, "authorization_pending", "The owner has not decided yet.");

  const bool nas = client == nas_client;
  const auto lifetime = nas ? state.settings.access_token_lifetime : state.settings.lookup_token_lifetime;
  const auto token = random_token(state.rng);
  Transaction transaction(state.db());
  if (nas)
    state.db().run("INSERT INTO access_tokens VALUES(?, ?, ?, ?, ?, ?)", sha256_hex(token), q.text(4),
                   q.text(5), q.text(6), q.text(7), state.now() + lifetime);
  else
    state.db().run("INSERT INTO lookup_tokens VALUES(?, ?, ?)", sha256_hex(token), q.text(4),
                   state.now() + lifetime);
  state.db().run("DELETE FROM device_codes WHERE code_hash = ?", hash);
  transaction.commit();
  return json_response(200, json::object{{"access_token", token},
                                         {"token_type", "Bearer"},
                                         {"expires_in", lifetime},
                                         {"scope", scope_of(client)}});
}

}  // namespace refcloud
