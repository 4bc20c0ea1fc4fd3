// Accounts and their sessions on the web pages.
#pragma once

#include "tests/cloud/state.hpp"

namespace refcloud {

constexpr std::string_view session_cookie = "qc_session";
constexpr std::string_view preference_cookie = "qc_pref";

/// False if the login exists or is not 3 to 64 printable bytes.
bool create_account(State&, std::string_view login, std::string_view password);
bool password_matches(State&, std::string_view login, std::string_view password);

/// Opens a session and returns its token, which only the browser keeps.
std::string open_session(State&, std::string_view login);
void close_session(State&, const Session&);
/// The session of the request's cookie, if it is a good one.
std::optional<Session> session_of(State&, const Request&);

std::optional<std::string> cookie(const Request&, std::string_view name);

/// Ties a form to its session; a foreign site cannot know it. Derived from the session token, not stored.
std::string csrf_token(const Session&);
/// Throws 403 unless the form carries csrf_token().
void check_csrf(const Call&);
/// Throws 403 if the browser says that the form was sent by another site. Guards the forms that have no
/// session yet.
void check_origin(const Call&);

}  // namespace refcloud
