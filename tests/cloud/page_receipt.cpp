#include "tests/cloud/page_receipt.hpp"

#include "tests/cloud/handlers.hpp"
#include "tests/cloud/page.hpp"

namespace refcloud {
namespace {

std::string text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

std::string date(const json::value& value) { return text(value).substr(0, 10); }

}  // namespace

std::string receipt_html(const SignedReceipt& receipt) {
  const auto& jws = receipt.jws;
  const auto first = jws.find('.');
  const auto payload = unbase64url(std::string_view(jws).substr(first + 1, jws.rfind('.') - first - 1));
  const auto body = parse_object(*payload);
  std::string out =
      "<h2>Deleted</h2><table><thead><tr><th>What</th><th>Records</th><th>Backups "
      "end</th></tr></thead><tbody>";
  for (const auto& store : body.at("stores").as_array())
    out += "<tr><td>" + escape_html(store_title(text(store.at("name")))) + "</td><td>" +
           escape_html(text(store.at("records"))) + "</td><td class=\"date\">" +
           escape_html(date(store.at("backup_expires_at"))) + "</td></tr>";
  out +=
      "</tbody></table><h2>Kept, and until when</h2><table><thead><tr><th>What and "
      "why</th><th>Until</th></tr></thead><tbody>";
  for (const auto& item : body.at("retained").as_array())
    out += "<tr><td>" + escape_html(text(item.at("why"))) + "</td><td class=\"date\">" +
           escape_html(date(item.at("until"))) + "</td></tr>";
  return out + "</tbody></table><label for=\"receipt-" + receipt.id +
         "\">Signed receipt, for your records</label><textarea id=\"receipt-" + receipt.id +
         "\" rows=\"6\" readonly>" + jws +
         "</textarea><p><a class=\"button plain\" href=\"/receipt?id=" + receipt.id +
         "\">Download the receipt</a></p>";
}

// Open to whoever has the id, which cannot be guessed: after an account is deleted nobody is left to sign in.
Reply get_receipt(State& state, const Call& call) {
  const auto* const id = find(call.query, "id");
  if (id)
    if (auto q = state.db().query("SELECT jws FROM receipts WHERE id = ?", *id); q.next())
      return Response{200,
                      {{"Content-Type", "application/jose"},
                       {"Content-Disposition", "attachment; filename=\"receipt-" + *id + ".jws\""},
                       {"Cache-Control", "no-store"},
                       {"X-Content-Type-Options", "nosniff"}},
                      q.text(0)};
  throw Problem{404, "not-found", "There is no such receipt, or its time is over."};
}

}  // namespace refcloud
