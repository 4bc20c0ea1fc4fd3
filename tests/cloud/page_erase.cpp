// The way out for a box that is dead, sold, lost or stolen, with its receipt (promises A4, R3).
#include "tests/cloud/erasure.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/own_nas.hpp"
#include "tests/cloud/page_receipt.hpp"

namespace refcloud {
namespace {

std::string ask(const Call& call, const OwnNas& nas, std::string_view action, std::string_view title,
                std::string_view text, std::string_view button) {
  return "<section class=\"card\"><h1>" + std::string(title) + "</h1><dl>" + fact("NAS", nas.title()) +
         fact("Model", nas.model) + "</dl><p>" + std::string(text) + "</p>" + form_for(call, nas, action) +
         "<div class=\"actions\"><button class=\"bad\">" + std::string(button) +
         "</button><a class=\"button plain\" href=\"" + nas.link() + "\">Keep</a></div></form></section>\n";
}

SignedReceipt erased(State& state, const OwnNas& nas, Scope scope) {
  auto receipt = erase_for_account(state, nas.id, scope);
  if (!receipt) throw Problem{404, "not-found", "There is no such NAS in your account."};
  return std::move(*receipt);
}

}  // namespace

Reply get_account_erase(State& state, const Call& call) {
  const auto nas = own_nas(state, call, call.query);
  return page(
      call, 200, "Erase the addresses?",
      ask(call, nas, "/account/erase", "Erase its addresses?",
          "Its addresses and its update token are deleted here, and public DNS forgets them at once. It "
          "stays "
          "registered and keeps its name. A NAS that still runs with DDNS switched on reports its address "
          "again: switch DDNS off there, or remove the NAS instead.",
          "Erase"));
}

Reply post_account_erase(State& state, const Call& call) {
  check_csrf(call);
  const auto nas = own_nas(state, call, call.form);
  const auto receipt = erased(state, nas, Scope::ddns);
  add_event(state, nas.id, "notice", "The addresses of this NAS were erased on the account's page.");
  return page(
      call, 200, "Erased",
      "<section class=\"card\"><h1>Erased</h1><p class=\"notice done\" role=\"status\">The addresses of " +
          escape_html(nas.title()) + " are deleted.</p>" + receipt_html(receipt) +
          "<p><a class=\"button plain\" href=\"" + nas.link() + "\">Back</a></p></section>\n");
}

Reply get_account_remove(State& state, const Call& call) {
  const auto nas = own_nas(state, call, call.query);
  return page(
      call, 200, "Remove this NAS?",
      ask(call, nas, "/account/remove", "Remove this NAS?",
          "Its registration, its public name, its addresses, who may look it up, its update token and its "
          "keys "
          "are deleted here, and it loses access at once. Nothing of it passes to whoever registers the box "
          "next. The NAS itself and the files on it stay as they are: reset it before you give it away.",
          "Remove"));
}

Reply post_account_remove(State& state, const Call& call) {
  check_csrf(call);
  const auto nas = own_nas(state, call, call.form);
  const auto receipt = erased(state, nas, Scope::registration);
  return page(call, 200, "Removed",
              "<section class=\"card\"><h1>Removed</h1><p class=\"notice done\" role=\"status\">" +
                  escape_html(nas.title()) + " is no longer registered.</p>" + receipt_html(receipt) +
                  "<p><a class=\"button plain\" href=\"/account\">My devices</a></p></section>\n");
}

}  // namespace refcloud
