// "My devices": what is registered; and the look-up of a NAS that somebody shares.
#include "tests/cloud/audience.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/own_nas.hpp"
#include "tests/cloud/publish.hpp"

namespace refcloud {
namespace {

std::string card(State& state, const OwnNas& nas) {
  const auto name = name_of(state, nas.id);
  std::string out =
      "<section class=\"card\"><h2>" + escape_html(nas.title()) + "</h2><dl>" + fact("Model", nas.model) +
      fact("Serial number ends in", nas.serial_tail.empty() ? "not given" : nas.serial_tail) +
      fact("Registered", when(nas.registered)) + fact("Public name", name ? state.fqdn(*name) : "none");
  if (nas.revoked) out += fact("Revoked", when(*nas.revoked));
  if (!nas.completed) out += fact("State", "the NAS has not taken its registration yet");
  return out + "</dl><div class=\"actions\"><a class=\"button\" href=\"" + nas.link() +
         "\">Open</a><a class=\"button bad\" href=\"/account/remove?device_id=" + nas.id +
         "\">Remove</a></div></section>\n";
}

std::string lookup_form(std::string_view name) {
  return "<form method=\"get\" action=\"/lookup\"><label for=\"name\">Name of a NAS</label><input "
         "type=\"text\" "
         "id=\"name\" name=\"name\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"80\" required "
         "value=\"" +
         escape_html(name) +
         "\"><div class=\"actions\"><button class=\"plain\">Look up</button></div></form>";
}

std::string address(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : "none";
}

}  // namespace

std::vector<OwnNas> own_devices(State& state, const std::string& account) {
  std::vector<OwnNas> out;
  for (auto q = state.db().query(
           "SELECT id, model, device_name, serial_tail, registered, revoked, EXISTS(SELECT 1 FROM "
           "keys k WHERE k.device = devices.id AND k.state != 'pending') FROM "
           "devices WHERE account = ? ORDER BY registered, id",
           account);
       q.next();)
    out.push_back({q.text(0), q.text(1), q.text(2), q.text(3), q.integer(4),
                   q.is_null(5) ? std::nullopt : std::optional<Seconds>(q.integer(5)), q.integer(6) != 0});
  return out;
}

OwnNas own_nas(State& state, const Call& call, const Pairs& where) {
  if (const auto* const id = find(where, "device_id"))
    for (auto& nas : own_devices(state, call.session->account))
      if (nas.id == *id) return nas;
  throw Problem{404, "not-found", "There is no such NAS in your account."};
}

std::string form_for(const Call& call, const OwnNas& nas, std::string_view action) {
  return "<form method=\"post\" action=\"" + std::string(action) + "\">" + csrf_field(call) +
         hidden_field("device_id", nas.id);
}

Reply get_account_page(State& state, const Call& call) {
  std::string content = "<h1>My devices</h1>\n";
  const auto devices = own_devices(state, call.session->account);
  if (devices.empty()) content += "<p class=\"card\">No NAS is registered with this account.</p>\n";
  for (const auto& nas : devices) content += card(state, nas);
  content +=
      "<p><a class=\"button\" href=\"/device\">Register a NAS</a></p>\n<section class=\"card\"><h2>A NAS "
      "that "
      "somebody shares with you</h2>" +
      lookup_form({}) + "</section>\n<section class=\"card\"><h2>Your account</h2><p>You are signed in as " +
      escape_html(call.session->account) +
      ".</p><div class=\"actions\"><a class=\"button plain\" href=\"/account/export\">Download all that is "
      "stored</a><a class=\"button bad\" href=\"/account/delete\">Delete the account</a></div></section>\n";
  return page(call, 200, "My devices", content);
}

Reply get_lookup_page(State& state, const Call& call) {
  const auto* const name = find(call.query, "name");
  std::string result;
  int status = 200;
  if (name && !name->empty()) {
    try {
      const auto found = look_up(state, call.session->account, *name);
      const auto& addresses = found.at("addresses");
      result = "<dl>" + fact("Name", address(found.at("fqdn"))) +
               fact("IPv4", address(addresses.at("ipv4"))) + fact("IPv6", address(addresses.at("ipv6"))) +
               "</dl>";
    } catch (const Problem& problem) {
      if (problem.status != 404) throw;
      status = 404;
      result = "<p class=\"notice error\" role=\"alert\">" + escape_html(problem.detail) + "</p>";
    }
  }
  return page(call, status, "Look up a NAS",
              "<section class=\"card\"><h1>Look up a NAS</h1>" + result +
                  lookup_form(name ? *name : std::string()) +
                  "<p class=\"soft\">Shows where a NAS can be reached, if it is yours or its owner lets you "
                  "know. The "
                  "NAS itself asks for its own user name and password.</p></section>\n");
}

}  // namespace refcloud
