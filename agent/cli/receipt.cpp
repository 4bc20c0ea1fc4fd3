#include "agent/cli/receipt.hpp"

#include "agent/cli/field.hpp"
#include "agent/cli/when.hpp"

#include <algorithm>

namespace qcloud::cli {
namespace {

constexpr std::int64_t day = 86400;

std::string submitted_of(const boost::json::object& receipt) {
  const std::string signed_time = raw_at(receipt, "submitted_time");
  return signed_time.empty() ? raw_at(receipt, "submitted") : signed_time;
}

/// The exceptions of promise A5, which may outlast six months.
bool may_last(std::string_view kind) {
  return kind == "payment" || kind == "license" || kind == "correspondence";
}

std::string kind_in_words(const std::string& kind) {
  if (kind == "access_log") return "access log";
  if (kind == "erasure_receipt") return "this receipt";
  return kind;
}

}  // namespace

std::vector<std::string> broken_promises(const boost::json::object& receipt) {
  std::vector<std::string> out;
  const auto submitted = parse_rfc3339(submitted_of(receipt));
  if (!submitted) return {"It does not say when the erasure was asked for."};
  for (const auto& item : list_at(receipt, "stores")) {
    const auto& store = object_of(item);
    const auto ends = parse_rfc3339(raw_at(store, "backup_expires_at"));
    if (!ends)
      out.push_back("It does not say when the backups of " + text_at(store, "name") + " end.");
    else if (*ends > *submitted + 180 * day)
      out.push_back("The backups of " + text_at(store, "name") + " last longer than 180 days.");
  }
  for (const auto& item : list_at(receipt, "retained")) {
    const auto& kept = object_of(item);
    const std::string kind = text_at(kept, "what");
    const auto until = parse_rfc3339(raw_at(kept, "until"));
    if (!until)
      out.push_back("It does not say until when it keeps: " + kind_in_words(kind) + ".");
    else if (!may_last(kind) && *until > *submitted + 184 * day)
      out.push_back("It keeps longer than 6 months: " + kind_in_words(kind) + ".");
  }
  return out;
}

std::string claims_text(const boost::json::object& receipt, const Look& look) {
  std::string out;
  const auto& stores = list_at(receipt, "stores");
  out += paint(look, Tone::strong, "Erased") + "\n";
  if (stores.empty()) out += "  nothing: the cloud held no data of this kind\n";
  for (const auto& item : stores) {
    const auto& store = object_of(item);
    out += "  " + pad(text_at(store, "name"), 14) + "  " + count(number_at(store, "records"), "record");
    if (const auto at = parse_rfc3339(raw_at(store, "deleted_at")))
      out += ", out of reach since " + local_time(*at);
    if (find(store, "backup_expires_at"))
      out += ", backups end by " + date(raw_at(store, "backup_expires_at"));
    out += '\n';
  }
  const auto& retained = list_at(receipt, "retained");
  out += paint(look, Tone::strong, "Kept") + "\n";
  if (retained.empty()) out += "  nothing\n";
  for (const auto& item : retained) {
    const auto& kept = object_of(item);
    std::string why = text_at(kept, "why");
    if (const auto basis = text_at(kept, "legal_basis"); !basis.empty()) why += " (" + basis + ")";
    out += "  " + pad(kind_in_words(text_at(kept, "what")), 14) + "  until " + date(raw_at(kept, "until")) +
           "  " + wrap(why, 36, look.columns) + "\n";
  }
  if (const auto& told = list_at(receipt, "recipients"); !told.empty())
    out += "Also told: " + joined(told) + "\n";
  return out;
}

std::string receipt_text(const boost::json::object& row, const Look& look) {
  const auto line = [](std::string_view name, const std::string& value) {
    return pad(name, 11) + value + "\n";
  };
  const std::string status = text_at(row, "status");
  std::string out = line("Receipt", text_at(row, "id"));
  out += line("For", joined(list_at(row, "scope")));
  out += line("Asked for", moment(raw_at(row, "submitted"), look.now));
  if (find(row, "settled")) out += line("Answered", moment(raw_at(row, "settled"), look.now));
  if (status == "pending") {
    out += line("Status", paint(look, Tone::warning,
                                "pending: the cloud has not confirmed yet, the agent keeps asking"));
    return out;
  }
  out += line("Status", flag_at(row, "verified")
                            ? paint(look, Tone::good, "verified: signed by the vendor")
                            : paint(look, Tone::bad, status == "refused" ? "refused" : "not verified"));
  if (const auto& problem = object_at(row, "problem"); !problem.empty()) {
    out += line("Problem",
                wrap(text_at(problem, "title") + ": " + text_at(problem, "detail"), 11, look.columns));
    if (const auto fix = text_at(problem, "fix"); !fix.empty())
      out += line("  fix:", wrap(fix, 11, look.columns));
  }
  if (status == "verified") {
    out += claims_text(row, look);
    for (const auto& broken : broken_promises(row)) out += paint(look, Tone::bad, broken) + "\n";
  }
  return out;
}

std::string receipts_text(const boost::json::object& answer, const Look& look) {
  const auto& rows = list_at(answer, "receipts");
  if (rows.empty()) return "No receipts: nothing was erased in the cloud yet.\n";
  std::size_t wide = 2;
  for (const auto& row : rows) wide = std::max(wide, width(text_at(object_of(row), "id")));
  std::string out = paint(look, Tone::strong, pad("ID", wide) + "  STATUS    ASKED FOR         SCOPE") + "\n";
  for (const auto& item : rows) {
    const auto& row = object_of(item);
    const std::string status = text_at(row, "status");
    const Tone tone = status == "verified" ? Tone::good : status == "pending" ? Tone::warning : Tone::bad;
    const auto asked = parse_rfc3339(raw_at(row, "submitted"));
    out += pad(text_at(row, "id"), wide) + "  " + paint(look, tone, pad(status, 8)) + "  " +
           pad(asked ? local_time(*asked) : "-", 16) + "  " + joined(list_at(row, "scope")) + "\n";
  }
  return out;
}

}  // namespace qcloud::cli
