// Sign in, sign out, appearance.
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/limits.hpp"
#include "tests/cloud/page.hpp"

namespace refcloud {
namespace {

// Where to go after signing in: only pages of this site, never an address that a link brought along.
std::string safe_next(const std::string* wish) {
  if (!wish) return "/account";
  const auto question = wish->find('?');
  const auto path = wish->substr(0, question);
  const auto query = question == std::string::npos ? Pairs{} : parse_form(wish->substr(question + 1));
  if (!query || (path != "/device" && path != "/lookup" && path != "/account/device")) return "/account";
  // Written anew: whatever stood in there reaches the Location header as percent signs and letters.
  auto next = path;
  for (const auto& [name, value] : *query)
    next += (next == path ? '?' : '&') + url_encode(name) + '=' + url_encode(value);
  return next;
}

Response login_page(const Call& call, int status, const std::string& next, std::string_view login,
                    std::string_view error) {
  std::string content = "<section class=\"card\"><h1>Sign in</h1>";
  if (!error.empty()) content += "<p class=\"notice error\" role=\"alert\">" + escape_html(error) + "</p>";
  content +=
      "<form method=\"post\" action=\"/login\">" + hidden_field("next", next) +
      "<label for=\"login\">Account</label><input type=\"text\" id=\"login\" name=\"login\" "
      "autocomplete=\"username\" autocapitalize=\"none\" required value=\"" +
      escape_html(login) +
      "\"><label for=\"password\">Password</label><input type=\"password\" id=\"password\" name=\"password\" "
      "autocomplete=\"current-password\" required>"
      "<div class=\"actions\"><button>Sign in</button></div></form>"
      "<p class=\"soft\">Your password is typed here and nowhere else, never into the NAS.</p></section>\n";
  return page(call, status, "Sign in", content);
}

std::string form_text(const Call& call, std::string_view name) {
  const auto* const value = find(call.form, name);
  return value ? *value : std::string();
}

}  // namespace

Reply get_root(State&, const Call& call) { return redirect(call.session ? "/account" : "/login"); }

Reply get_login(State&, const Call& call) {
  const auto next = safe_next(find(call.query, "next"));
  if (call.session) return redirect(next);
  return login_page(call, 200, next, {}, {});
}

Reply post_login(State& state, const Call& call) {
  check_origin(call);
  const auto login = lower(form_text(call, "login"));
  const auto next = safe_next(find(call.form, "next"));
  const auto subject = login + '|' + call.source;
  limit(state, "login", subject, 10, 10 * minute);
  // Checking a password costs a tenth of a second on purpose; trying many names must not stop the cloud.
  limit(state, "login source", call.source, 50, 10 * minute);
  if (!password_matches(state, login, form_text(call, "password"))) {
    count_attempt(state, "login", subject);
    count_attempt(state, "login source", call.source);
    return login_page(call, 403, next, login, "Account or password is wrong.");
  }
  auto response = redirect(next);
  response.headers.emplace_back(
      "Set-Cookie", set_cookie(session_cookie, open_session(state, login), state.settings.session_lifetime));
  return response;
}

Reply post_logout(State& state, const Call& call) {
  check_csrf(call);
  close_session(state, *call.session);
  auto response = redirect("/login");
  response.headers.emplace_back("Set-Cookie", end_session_cookie());
  return response;
}

Reply post_preferences(State&, const Call& call) {
  check_origin(call);
  const auto theme = form_text(call, "theme");
  if (theme != "auto" && theme != "light" && theme != "dark")
    throw Problem{400, "bad-form", "There is no such appearance."};
  auto response = redirect("/");
  response.headers.emplace_back("Set-Cookie", set_cookie(preference_cookie, theme, 365 * day));
  return response;
}

}  // namespace refcloud
