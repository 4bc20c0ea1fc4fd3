#include "tests/cloud/accounts.hpp"

#include <algorithm>

#include "tests/cloud/crypto.hpp"

namespace refcloud {

bool valid_login(std::string_view login) {
  const auto usable = [](char c) { return c > ' ' && c < 0x7f && !(c >= 'A' && c <= 'Z'); };
  return login.size() >= 3 && login.size() <= 64 && std::all_of(login.begin(), login.end(), usable);
}

bool create_account(State& state, std::string_view wish, std::string_view password) {
  const auto login = lower(wish);
  if (!valid_login(login) || password.empty() || password.size() > 256) return false;
  if (state.db().query("SELECT 1 FROM accounts WHERE login = ?", login).next()) return false;
  state.db().run("INSERT INTO accounts VALUES(?, ?, ?)", login,
                 hash_password(password, state.rng.bytes(16), state.settings.scrypt_log2_n), state.now());
  return true;
}

bool password_matches(State& state, std::string_view login, std::string_view password) {
  if (password.size() > 256) return false;
  auto q = state.db().query("SELECT password FROM accounts WHERE login = ?", login);
  if (q.next()) return verify_password(password, q.text(0));
  // An unknown login takes as long as a wrong password, so that nobody can list accounts with a stopwatch.
  hash_password(password, "no such account!", state.settings.scrypt_log2_n);
  return false;
}

std::string open_session(State& state, std::string_view login) {
  auto token = random_token(state.rng);
  state.db().run("INSERT INTO sessions VALUES(?, ?, ?)", sha256_hex(token), login,
                 state.now() + state.settings.session_lifetime);
  return token;
}

void close_session(State& state, const Session& session) {
  state.db().run("DELETE FROM sessions WHERE token_hash = ?", sha256_hex(session.token));
}

std::optional<Session> session_of(State& state, const Request& request) {
  auto token = cookie(request, session_cookie);
  if (!token) return std::nullopt;
  auto q = state.db().query("SELECT account FROM sessions WHERE token_hash = ? AND expires > ?",
                            sha256_hex(*token), state.now());
  if (!q.next()) return std::nullopt;
  return Session{q.text(0), std::move(*token)};
}

std::string set_cookie(std::string_view name, std::string_view value, Seconds lifetime) {
  return std::string(name) + '=' + std::string(value) + "; Path=/; Max-Age=" + std::to_string(lifetime) +
         "; HttpOnly; Secure; SameSite=Lax";
}

std::string end_session_cookie() { return set_cookie(session_cookie, "", 0); }

std::optional<std::string> cookie(const Request& request, std::string_view name) {
  const auto* const value = header(request.headers, "Cookie");
  if (!value) return std::nullopt;
  std::string_view rest = *value;
  while (!rest.empty()) {
    auto item = rest.substr(0, rest.find(';'));
    rest = item.size() == rest.size() ? std::string_view{} : rest.substr(item.size() + 1);
    while (item.starts_with(' ')) item.remove_prefix(1);
    const auto equals = item.find('=');
    if (equals != std::string_view::npos && item.substr(0, equals) == name)
      return std::string(item.substr(equals + 1));
  }
  return std::nullopt;
}

std::string csrf_token(const Session& session) { return base64url(hmac_sha256(session.token, "csrf")); }

void check_csrf(const Call& call) {
  const auto* const sent = find(call.form, "csrf");
  if (!sent || !constant_time_equal(*sent, csrf_token(*call.session)))
    throw Problem{403, "bad-form", "This form is out of date. Go back, reload the page and try again."};
}

void check_origin(const Call& call) {
  const auto* const site = header(call.request.headers, "Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none")
    throw Problem{403, "bad-form", "This form was sent by another site."};
  const auto* const origin = header(call.request.headers, "Origin");
  const auto* const host = header(call.request.headers, "Host");
  if (origin && (!host || *origin != "https://" + *host))
    throw Problem{403, "bad-form", "This form was sent by another site."};
}

}  // namespace refcloud
