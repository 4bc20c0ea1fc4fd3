#include "tests/cloud/page.hpp"

#include <map>

namespace refcloud {
namespace {

constexpr std::string_view style = R"css(
:root{color-scheme:light;--bg:#f4f5f7;--card:#fff;--text:#1b2330;--soft:#5a6575;--line:#d9dee6;--accent:#1f5fbf;--on:#fff;--bad:#b3261e;--good:#1d7a4c}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;--bg:#12161d;--card:#1b212b;--text:#e8ecf2;--soft:#9ba7b8;--line:#323b49;--accent:#7fb0ff;--on:#0d1726;--bad:#ff8a80;--good:#6fd6a2}}
:root[data-theme=dark]{color-scheme:dark;--bg:#12161d;--card:#1b212b;--text:#e8ecf2;--soft:#9ba7b8;--line:#323b49;--accent:#7fb0ff;--on:#0d1726;--bad:#ff8a80;--good:#6fd6a2}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main,footer{max-width:40rem;margin:0 auto;padding:1rem}
header{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;justify-content:space-between}
header a{color:inherit;text-decoration:none;font-weight:600}
.who{display:flex;gap:.75rem;align-items:center;color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem 1.5rem;margin:0 0 1rem}
h1{font-size:1.4rem;line-height:1.25;margin:0 0 .75rem}
h2{font-size:1.1rem;margin:0 0 .5rem}
p{margin:0 0 .75rem}
.soft,footer{color:var(--soft);font-size:.9rem}
label{display:block;font-weight:600;margin:.75rem 0 .25rem}
input[type=text],input[type=password],select{width:100%;padding:.6rem .7rem;font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:.5rem}
input.code{font-size:1.6rem;letter-spacing:.15em;text-transform:uppercase;text-align:center}
.code-shown{font:600 1.8rem/1.2 ui-monospace,monospace;letter-spacing:.1em;margin:.25rem 0 1rem}
button,.button{display:inline-block;padding:.6rem 1.2rem;font:inherit;font-weight:600;border-radius:.5rem;border:1px solid var(--accent);background:var(--accent);color:var(--on);cursor:pointer;text-decoration:none}
button.plain,.button.plain{background:transparent;color:var(--accent)}
button.bad,.button.bad{background:transparent;color:var(--bad);border-color:var(--bad)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0 0 1rem}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.notice{border-left:.3rem solid var(--accent);padding:.25rem .75rem;margin:0 0 1rem}
.error{border-color:var(--bad)}
.done{border-color:var(--good)}
textarea{width:100%;font:.8rem/1.4 ui-monospace,monospace;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:.5rem;padding:.5rem}
table{width:100%;border-collapse:collapse;margin:0 0 1rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .5rem .35rem 0;border-bottom:1px solid var(--line)}
form+p,form+form{margin-top:.75rem}
@media(max-width:28rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
footer form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
.choice{display:flex;gap:.6rem;align-items:baseline;font-weight:400}
.token{font:600 1rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere;user-select:all;background:var(--bg);border:1px solid var(--line);border-radius:.5rem;padding:.75rem}
td.date{white-space:nowrap}
details{margin:0 0 .5rem}
summary{cursor:pointer;padding:.25rem 0}
footer label{margin:0;font-weight:400}
footer select{width:auto;padding:.3rem}
footer button{padding:.3rem .8rem}
)css";

std::string theme_of(const Call& call) {
  const auto preference = cookie(call.request, preference_cookie);
  if (preference == "light" || preference == "dark") return *preference;
  return "auto";
}

std::string option(std::string_view value, std::string_view text, const std::string& chosen) {
  return "<option value=\"" + std::string(value) + "\"" + (value == chosen ? " selected" : "") + ">" +
         std::string(text) + "</option>";
}

}  // namespace

std::string escape_html(std::string_view in) {
  std::string out;
  for (const char c : in) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

Response page(const Call& call, int status, std::string_view title, const std::string& content) {
  const auto theme = theme_of(call);
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\"" +
                    (theme == "auto" ? std::string() : " data-theme=\"" + theme + "\"") +
                    "><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                    "content=\"width=device-width,initial-scale=1\"><title>" +
                    escape_html(title) + " - NAS cloud</title><style>" + std::string(style) +
                    "</style></head><body>\n<header><a href=\"/account\">NAS cloud</a>";
  if (call.session)
    out += "<form class=\"who\" method=\"post\" action=\"/logout\"><span>" +
           escape_html(call.session->account) + "</span>" + csrf_field(call) +
           "<button class=\"plain\">Sign out</button></form>";
  out += "</header>\n<main>\n" + content +
         "</main>\n<footer><form method=\"post\" action=\"/preferences\"><label "
         "for=\"theme\">Appearance</label><select id=\"theme\" name=\"theme\">" +
         option("auto", "As the device", theme) + option("light", "Light", theme) +
         option("dark", "Dark", theme) +
         "</select><button class=\"plain\">Set</button></form>\n<p>This site sets two cookies: one for your "
         "session, one for your choice of appearance.</p></footer></body></html>\n";
  // The style sheet is allowed by its hash; nothing else may load or run.
  static const std::string policy = "default-src 'none'; style-src 'sha256-" + base64(sha256(style)) +
                                    "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
  return {status,
          {{"Content-Type", "text/html; charset=utf-8"},
           {"Content-Security-Policy", policy},
           {"Cache-Control", "no-store"},
           {"Referrer-Policy", "same-origin"},
           {"X-Content-Type-Options", "nosniff"}},
          std::move(out)};
}

Response redirect(std::string_view location) {
  return {303, {{"Location", std::string(location)}, {"Cache-Control", "no-store"}}, {}};
}

Response problem_page(const Call& call, const Problem& problem) {
  const std::string title = problem.status == 404   ? "Not found"
                            : problem.status == 429 ? "Too many tries"
                            : problem.status >= 500 ? "Not now"
                                                    : "That did not work";
  // Back to where the form stood, if it was one about a NAS.
  const auto* const id = call.session ? find(call.form, "device_id") : nullptr;
  const bool back = id && valid_uuid(*id) && problem.status != 404;
  auto response =
      page(call, problem.status, title,
           "<section class=\"card\"><h1>" + title + "</h1><p class=\"notice error\" role=\"alert\">" +
               escape_html(problem.detail) + "</p><p><a class=\"button plain\" href=\"/account" +
               (back ? "/device?device_id=" + *id + "\">Back" : "\">My devices") + "</a></p></section>\n");
  for (const auto& item : problem.headers) response.headers.push_back(item);
  return response;
}

std::string csrf_field(const Call& call) { return hidden_field("csrf", csrf_token(*call.session)); }

std::string hidden_field(std::string_view name, std::string_view value) {
  return "<input type=\"hidden\" name=\"" + escape_html(name) + "\" value=\"" + escape_html(value) + "\">";
}

std::string when(Seconds time) {
  const auto text = rfc3339(time);
  return text.substr(0, 10) + ' ' + text.substr(11, 5) + " UTC";
}

std::string readable(const std::string& text) {
  const auto time = parse_rfc3339(text);
  return time ? when(*time) : text;
}

std::string store_title(const std::string& name) {
  static const std::map<std::string, std::string> words{{"ddns", "Addresses"},
                                                        {"update_token", "Update token"},
                                                        {"attachment", "Connection to a relay"},
                                                        {"name", "Public name"},
                                                        {"invited", "Invited accounts"},
                                                        {"notice", "Notices"},
                                                        {"certificate", "Certificates"},
                                                        {"key", "Keys"},
                                                        {"device", "The NAS"},
                                                        {"session", "Sign-ins"},
                                                        {"lookup_token", "Programs that look up"},
                                                        {"approval", "Approvals under way"},
                                                        {"approval_token", "Registrations under way"},
                                                        {"invitation", "Lists of other owners"},
                                                        {"account", "The account"}};
  const auto found = words.find(name);
  return found == words.end() ? name : found->second;
}

std::string fact(std::string_view term, std::string_view value) {
  return "<dt>" + escape_html(term) + "</dt><dd>" + escape_html(value) + "</dd>";
}

}  // namespace refcloud
