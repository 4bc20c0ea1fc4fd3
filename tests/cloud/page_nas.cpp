// The page of one NAS: what is stored of it, and all that its owner can do about it.
#include "tests/cloud/audience.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/own_nas.hpp"
#include "tests/cloud/publish.hpp"
#include "tests/cloud/update_token.hpp"

namespace refcloud {
namespace {

std::string save(std::string_view text) {
  return "<div class=\"actions\"><button class=\"plain\">" + std::string(text) + "</button></div></form>";
}

std::string names(State& state, const Call& call, const OwnNas& nas) {
  const auto name = name_of(state, nas.id);
  std::string out = "<section class=\"card\"><h2>Names</h2>";
  if (name) {
    const auto records = records_of(state, state.fqdn(*name));
    std::string addresses;
    for (const auto& address : records.a) addresses += address + ' ';
    for (const auto& address : records.aaaa) addresses += address + ' ';
    out += "<dl>" + fact("Public name", state.fqdn(*name)) +
           fact("In public DNS", addresses.empty() ? "nothing" : addresses) + "</dl>";
  }
  return out + form_for(call, nas, "/account/rename") +
         "<label for=\"name\">Public name (empty for none)</label><input type=\"text\" id=\"name\" "
         "name=\"name\" "
         "maxlength=\"32\" autocapitalize=\"none\" spellcheck=\"false\" value=\"" +
         escape_html(name.value_or("")) + "\">" + save("Save public name") +
         form_for(call, nas, "/account/device-name") +
         "<label for=\"device_name\">What you call it</label><input type=\"text\" id=\"device_name\" "
         "name=\"device_name\" maxlength=\"64\" value=\"" +
         escape_html(nas.device_name) + "\">" + save("Save") + "</section>\n";
}

std::string audience_choice(const AudienceSetting& now, std::string_view value, std::string_view text,
                            std::string_view consequence) {
  return "<label class=\"choice\"><input type=\"radio\" name=\"audience\" value=\"" + std::string(value) +
         "\"" + (now.audience == value ? " checked" : "") + "><span>" + std::string(text) +
         "<br><span class=\"soft\">" + std::string(consequence) + "</span></span></label>";
}

std::string audience(State& state, const Call& call, const OwnNas& nas) {
  const auto now = audience_of(state, nas.id);
  std::string logins;
  for (const auto& login : now.invited) logins += login + '\n';
  return "<section class=\"card\"><h2>Who may look it up</h2>" + form_for(call, nas, "/account/audience") +
         audience_choice(now, "everyone", "Everyone",
                         "Its address stands in public DNS under its public name.") +
         audience_choice(
             now, "invited", "Invited accounts",
             "Public DNS never holds its address; the accounts below can ask for it when signed in.") +
         audience_choice(now, "owner", "Only me",
                         "Public DNS never holds its address; only this account can ask.") +
         "<label for=\"invited\">Invited accounts, one a line</label><textarea id=\"invited\" "
         "name=\"invited\" "
         "rows=\"4\" autocapitalize=\"none\" spellcheck=\"false\">" +
         escape_html(logins) + "</textarea>" + save("Save") +
         "<p class=\"soft\">Being found is not being let in: the NAS asks for its own user name and "
         "password.</p></section>\n";
}

std::string token_form(const Call& call, const OwnNas& nas, std::string_view action, std::string_view text,
                       std::string_view look) {
  return form_for(call, nas, "/account/token") + "<div class=\"actions\"><button class=\"" +
         std::string(look) + "\" name=\"action\" value=\"" + std::string(action) + "\">" + std::string(text) +
         "</button></div></form>";
}

std::string token(State& state, const Call& call, const OwnNas& nas) {
  std::string out =
      "<section class=\"card\"><h2>Update token</h2><p>Lets a router, inadyn or ddclient keep the address of "
      "the "
      "public name current (dyndns2), where the NAS does not do it itself. One of the two should: both would "
      "overwrite each other.</p>";
  const auto name = name_of(state, nas.id);
  if (!name) return out + "<p class=\"soft\">Choose a public name first.</p></section>\n";
  const auto now = update_token_of(state, nas.id);
  if (now) {
    out += "<dl>" + fact("Made", when(now->made)) + fact("Last used", now->used ? when(*now->used) : "never");
    if (now->blocked && *now->blocked > state.now())
      out += fact("Refused until", when(*now->blocked) + ", because its client asked too often");
    out += "</dl>" + token_form(call, nas, "revoke", "Revoke it", "bad");
  }
  return out + token_form(call, nas, "make", now ? "Make a new one instead" : "Make a token", "plain") +
         "</section>\n";
}

std::string stored(State& state, const OwnNas& nas) {
  const auto all = export_of(state, nas.id);
  std::string out = "<section class=\"card\"><h2>All that is stored</h2>";
  for (const auto& store : all.at("stores").as_array()) {
    const auto& records = store.at("records").as_array();
    out += "<details><summary>" + escape_html(store_title(std::string(store.at("name").as_string()))) + " (" +
           std::to_string(records.size()) + ")</summary>";
    for (const auto& record : records) {
      out += "<dl>";
      for (const auto& [member, value] : record.as_object())
        out += fact(member, value.is_string() ? readable(std::string(value.get_string()))
                            : value.is_null() ? "none"
                                              : json::serialize(value));
      out += "</dl>";
    }
    out += "</details>";
  }
  return out + "<div class=\"actions\"><a class=\"button plain\" href=\"/account/export?device_id=" + nas.id +
         "\">Download</a></div></section>\n";
}

std::string done(const Call& call) {
  const auto* const word = find(call.query, "done");
  if (!word) return {};
  const std::string text = *word == "saved" ? "Saved." : *word == "revoked" ? "The token is revoked." : "";
  return text.empty() ? text : "<p class=\"notice done\" role=\"status\">" + text + "</p>\n";
}

}  // namespace

Reply get_nas_page(State& state, const Call& call) {
  const auto nas = own_nas(state, call, call.query);
  std::string facts = fact("Model", nas.model) +
                      fact("Serial number ends in", nas.serial_tail.empty() ? "not given" : nas.serial_tail) +
                      fact("Registered", when(nas.registered));
  if (nas.revoked) facts += fact("Revoked", when(*nas.revoked));
  return page(
      call, 200, nas.title(),
      "<p><a href=\"/account\">My devices</a></p>\n<h1>" + escape_html(nas.title()) + "</h1>\n" + done(call) +
          "<section class=\"card\"><dl>" + facts + "</dl></section>\n" + names(state, call, nas) +
          audience(state, call, nas) + token(state, call, nas) + stored(state, nas) +
          "<section class=\"card\"><h2>Dead, sold, lost or stolen?</h2><p>Removing ends the registration and "
          "deletes everything above. The NAS loses access at once.</p><div class=\"actions\"><a "
          "class=\"button "
          "bad\" href=\"/account/remove?device_id=" +
          nas.id + "\">Remove this NAS</a><a class=\"button bad\" href=\"/account/erase?device_id=" + nas.id +
          "\">Erase its addresses only</a></div></section>\n");
}

Reply post_account_token(State& state, const Call& call) {
  check_csrf(call);
  const auto nas = own_nas(state, call, call.form);
  const auto* const action = find(call.form, "action");
  if (action && *action == "revoke") {
    revoke_update_token(state, nas.id);
    return redirect(nas.link() + "&done=revoked");
  }
  if (!action || *action != "make") throw Problem{400, "bad-form", "The form is incomplete."};
  if (nas.revoked) throw Problem{409, "no-name", "This NAS is revoked; it has no name to update."};
  const auto secret = make_update_token(state, nas.id);
  const auto name = *name_of(state, nas.id);
  const auto fqdn = state.fqdn(name);
  const auto host = call.origin.substr(call.origin.find("//") + 2);
  return page(
      call, 200, "Update token",
      "<section class=\"card\"><h1>Update token</h1><p class=\"notice done\" role=\"status\">Copy it now: it "
      "is "
      "not shown again.</p><p class=\"token\" id=\"token\">" +
          secret + "</p><dl>" + fact("Protocol", "dyndns2") + fact("Server", host) + fact("User name", name) +
          fact("Host name", fqdn) +
          fact("URL", call.origin + "/nic/update?hostname=" + fqdn + "&myip=ADDRESS") +
          "</dl><p class=\"soft\">It changes the address of this one name and nothing else, and ends when "
          "the "
          "name changes, the addresses are erased or the NAS is removed.</p><p><a class=\"button plain\" "
          "href=\"" +
          nas.link() + "\">Back</a></p></section>\n");
}

}  // namespace refcloud
