// Deleting the account: the password again, then every device, then the account itself.
#include "tests/cloud/erasure.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/limits.hpp"
#include "tests/cloud/own_nas.hpp"
#include "tests/cloud/page_receipt.hpp"

namespace refcloud {
namespace {

Response ask(State& state, const Call& call, int status, std::string_view error) {
  std::string content = "<section class=\"card\"><h1>Delete your account?</h1>";
  if (!error.empty()) content += "<p class=\"notice error\" role=\"alert\">" + escape_html(error) + "</p>";
  const auto devices = own_devices(state, call.session->account);
  content += "<p>The account " + escape_html(call.session->account) +
             " and everything that is stored for it is deleted. It is taken off the lists of other owners "
             "who invited "
             "it.</p>";
  if (!devices.empty()) {
    content += "<p>These are removed with it; each loses its name and its access at once:</p><ul>";
    for (const auto& nas : devices) content += "<li>" + escape_html(nas.title()) + "</li>";
    content += "</ul>";
  }
  content +=
      "<p>The boxes themselves and the files on them stay as they are.</p><form method=\"post\" "
      "action=\"/account/delete\">" +
      csrf_field(call) +
      "<label for=\"password\">Your password</label><input type=\"password\" id=\"password\" "
      "name=\"password\" autocomplete=\"current-password\" required><div class=\"actions\"><button "
      "class=\"bad\">Delete the account</button><a class=\"button plain\" "
      "href=\"/account\">Keep</a></div></form></section>\n";
  return page(call, status, "Delete your account?", content);
}

}  // namespace

Reply get_account_delete(State& state, const Call& call) { return ask(state, call, 200, {}); }

Reply post_account_delete(State& state, const Call& call) {
  check_csrf(call);
  const auto& login = call.session->account;
  const auto* const password = find(call.form, "password");
  const auto subject = login + '|' + call.source;
  limit(state, "login", subject, 10, 10 * minute);
  if (!password || !password_matches(state, login, *password)) {
    count_attempt(state, "login", subject);
    return ask(state, call, 403, "The password is wrong; nothing was deleted.");
  }
  const auto devices = own_devices(state, login);
  const auto receipts = erase_account(state, login);
  std::string content =
      "<section class=\"card\"><h1>Deleted</h1><p class=\"notice done\" role=\"status\">Your account and " +
      std::to_string(receipts.size() - 1) +
      " NAS are deleted. Keep the receipts: this page cannot be shown again.</p></section>\n";
  for (std::size_t i = 0; i < receipts.size(); ++i)
    content += "<section class=\"card\"><h1>" +
               (i + 1 == receipts.size() ? "The account" : escape_html(devices[i].title())) + "</h1>" +
               receipt_html(receipts[i]) + "</section>\n";
  auto signed_out = call;
  signed_out.session.reset();
  auto response = page(signed_out, 200, "Deleted", content);
  response.headers.emplace_back("Set-Cookie", end_session_cookie());
  return response;
}

}  // namespace refcloud
