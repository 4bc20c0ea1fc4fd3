// Accounts and their sessions on the web pages.
#pragma once

#include "tests/cloud/state.hpp"

namespace refcloud {

constexpr std::string_view session_cookie = "qc_session";
constexpr std::string_view preference_cookie = "qc_pref";

/// 3 to 64 characters of ASCII without blanks, in lower case: "Alice" and "alice" are one account, and a
/// letter of another alphabet does not make a second one that looks the same.
bool valid_login(std::string_view login);
/// False if the login (in any case) exists or is not usable.
bool create_account(State&, std::string_view login, std::string_view password);
bool password_matches(State&, std::string_view login, std::string_view password);

/// Opens a session of a login that exists and returns its token, which only the browser keeps.
std::string open_session(State&, std::string_view login);
void close_session(State&, const Session&);
/// The session of the request's cookie, if it is a good one.
std::optional<Session> session_of(State&, const Request&);

/// Values of Set-Cookie.
std::string set_cookie(std::string_view name, std::string_view value, Seconds lifetime);
std::string end_session_cookie();
std::optional<std::string> cookie(const Request&, std::string_view name);

/// Ties a form to its session; a foreign site cannot know it. Derived from the session token, not stored.
std::string csrf_token(const Session&);
/// Throws 403 unless the form carries csrf_token().
void check_csrf(const Call&);
/// Throws 403 if the browser says that the form was sent by another site. Guards the forms that have no
/// session yet.
void check_origin(const Call&);

}  // namespace refcloud
