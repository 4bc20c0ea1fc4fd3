// "My devices": what is registered, under which name, and the way out for a box that is dead, sold or stolen.
#include "tests/cloud/erasure.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/names.hpp"
#include "tests/cloud/page.hpp"

namespace refcloud {
namespace {

struct Row {
  std::string id, model, device_name, serial_tail;
  Seconds registered;
  std::optional<Seconds> revoked;
};

std::vector<Row> devices_of(State& state, const std::string& account) {
  std::vector<Row> out;
  for (auto q = state.db().query("SELECT id, model, device_name, serial_tail, registered, revoked FROM "
                                 "devices WHERE account = ? ORDER BY registered, id",
                                 account);
       q.next();)
    out.push_back({q.text(0), q.text(1), q.text(2), q.text(3), q.integer(4),
                   q.is_null(5) ? std::nullopt : std::optional<Seconds>(q.integer(5))});
  return out;
}

// A device of another account is as unknown as one that does not exist.
Row own_device(State& state, const Call& call, const std::string* id) {
  if (id)
    for (auto& row : devices_of(state, call.session->account))
      if (row.id == *id) return row;
  throw Problem{404, "not-found", "There is no such NAS in your account."};
}

std::string title_of(const Row& row) { return row.device_name.empty() ? row.model : row.device_name; }

std::string card(State& state, const Call& call, const Row& row) {
  const auto name = name_of(state, row.id);
  std::string out =
      "<section class=\"card\"><h2>" + escape_html(title_of(row)) + "</h2><dl>" + fact("Model", row.model) +
      fact("Serial number ends in", row.serial_tail.empty() ? "not given" : row.serial_tail) +
      fact("Registered", rfc3339(row.registered)) + fact("Public name", name ? state.fqdn(*name) : "none");
  if (name) {
    const auto records = records_of(state, state.fqdn(*name));
    std::string addresses;
    for (const auto& address : records.a) addresses += address + ' ';
    for (const auto& address : records.aaaa) addresses += address + ' ';
    out += fact("In public DNS", addresses.empty() ? "nothing" : addresses);
  }
  if (row.revoked) out += fact("Revoked", rfc3339(*row.revoked));
  out += "</dl><form method=\"post\" action=\"/account/rename\">" + csrf_field(call) +
         hidden_field("device_id", row.id) + "<label for=\"name-" + row.id +
         "\">Public name (empty for none)</label><input type=\"text\" id=\"name-" + row.id +
         "\" name=\"name\" maxlength=\"32\" autocapitalize=\"none\" spellcheck=\"false\" value=\"" +
         escape_html(name.value_or("")) +
         "\"><div class=\"actions\"><button class=\"plain\">Save name</button><a class=\"button bad\" "
         "href=\"/account/remove?device_id=" +
         row.id + "\">Remove this NAS</a></div></form></section>\n";
  return out;
}

// The receipt's payload, for people; the signed text itself stands below it.
std::string receipt_table(const std::string& receipt) {
  const auto first = receipt.find('.');
  const auto payload =
      unbase64url(std::string_view(receipt).substr(first + 1, receipt.rfind('.') - first - 1));
  const auto body = parse_object(*payload);
  const auto text = [](const json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
  };
  std::string out =
      "<h2>Deleted</h2><table><thead><tr><th>What</th><th>Records</th><th>Backups "
      "end</th></tr></thead><tbody>";
  for (const auto& store : body.at("stores").as_array())
    out += "<tr><td>" + escape_html(text(store.at("name"))) + "</td><td>" +
           escape_html(text(store.at("records"))) + "</td><td>" +
           escape_html(text(store.at("backup_expires_at"))) + "</td></tr>";
  out +=
      "</tbody></table><h2>Kept, and until when</h2><table><thead><tr><th>What and "
      "why</th><th>Until</th></tr></thead><tbody>";
  for (const auto& item : body.at("retained").as_array())
    out += "<tr><td>" + escape_html(text(item.at("why"))) + "</td><td>" +
           escape_html(text(item.at("until"))) + "</td></tr>";
  return out + "</tbody></table>";
}

}  // namespace

Reply get_account_page(State& state, const Call& call) {
  std::string content = "<h1>My devices</h1>\n";
  const auto rows = devices_of(state, call.session->account);
  if (rows.empty()) content += "<p class=\"card\">No NAS is registered with this account.</p>\n";
  for (const auto& row : rows) content += card(state, call, row);
  content += "<p><a class=\"button\" href=\"/device\">Register a NAS</a></p>\n";
  return page(call, 200, "My devices", content);
}

Reply post_account_rename(State& state, const Call& call) {
  check_csrf(call);
  const auto row = own_device(state, call, find(call.form, "device_id"));
  const auto* const name = find(call.form, "name");
  if (!name) throw Problem{400, "bad-form", "The form is incomplete."};
  rename_device(state, row.id, name->empty() ? std::nullopt : std::optional(*name));
  return redirect("/account");
}

Reply get_account_remove(State& state, const Call& call) {
  const auto row = own_device(state, call, find(call.query, "device_id"));
  return page(call, 200, "Remove this NAS?",
              "<section class=\"card\"><h1>Remove " + escape_html(title_of(row)) +
                  "?</h1><p>Its registration, its public name, its addresses and its keys are deleted here. "
                  "The NAS itself and the files on it stay as they are; "
                  "it stops using the cloud as soon as it hears of this.</p><form method=\"post\" "
                  "action=\"/account/remove\">" +
                  csrf_field(call) + hidden_field("device_id", row.id) +
                  "<div class=\"actions\"><button class=\"bad\">Remove</button><a class=\"button plain\" "
                  "href=\"/account\">Keep</a></div></form></section>\n");
}

Reply post_account_remove(State& state, const Call& call) {
  check_csrf(call);
  const auto row = own_device(state, call, find(call.form, "device_id"));
  const auto receipt = remove_device(state, row.id);
  if (!receipt) throw Problem{404, "not-found", "There is no such NAS in your account."};
  return page(call, 200, "Removed",
              "<section class=\"card\"><h1>Removed</h1><p class=\"notice done\" role=\"status\">" +
                  escape_html(title_of(row)) + " is no longer registered.</p>" + receipt_table(*receipt) +
                  "<label for=\"receipt\">Signed receipt, for your records</label><textarea id=\"receipt\" "
                  "rows=\"6\" readonly>" +
                  *receipt +
                  "</textarea><p><a class=\"button plain\" href=\"/account\">My devices</a></p></section>\n");
}

}  // namespace refcloud
