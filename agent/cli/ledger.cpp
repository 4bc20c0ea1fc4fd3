#include "agent/cli/ledger.hpp"

#include "agent/cli/field.hpp"
#include "agent/cli/when.hpp"

#include <algorithm>

namespace qcloud::cli {
namespace {

std::string time_of(const boost::json::object& row) {
  for (const char* key : {"time", "opened", "closed"})
    if (const auto at = parse_rfc3339(raw_at(row, key))) return local_time(*at, true);
  return "-";
}

std::string message(const boost::json::object& row) {
  std::string out = text_at(row, "purpose");
  const auto& fields = list_at(row, "fields");
  out += fields.empty() ? " (no fields)" : ": " + joined(fields);
  if (const auto host = text_at(row, "host"); !host.empty()) out += " -> " + host;
  if (find(row, "conn")) out += "  #" + text_at(row, "conn");
  return out;
}

std::string state_words(const std::string& state) {
  if (state == "open") return ", still open";
  if (state == "aborted") return ", aborted";
  if (state == "interrupted") return ", interrupted: at least this much";
  if (state == "gap") return ", incomplete: the power failed";
  return {};
}

std::string connection(const boost::json::object& row) {
  std::string out = text_at(row, "proto") + " " + text_at(row, "remote");
  if (const auto host = text_at(row, "host"); !host.empty()) out += " (" + host + ")";
  out += "  " + bytes(number_at(row, "bytes_out")) + " out, " + bytes(number_at(row, "bytes_in")) + " in";
  return out + state_words(text_at(row, "state"));
}

}  // namespace

std::string ledger_head(const Look& look) {
  return paint(look, Tone::strong,
               pad("ID", 7) + pad("TIME", 21) + pad("FEATURE", 12) + pad("KIND", 12) + "WHAT") +
         "\n";
}

std::string ledger_row(const boost::json::object& row, const Look& look) {
  const std::string kind = text_at(row, "kind");
  std::string what;
  if (kind == "message")
    what = message(row);
  else if (kind == "connection")
    what = connection(row);
  else
    what = paint(look, Tone::warning, "rows may be missing here: the power failed");
  return pad(text_at(row, "id"), 6) + " " + pad(time_of(row), 20) + " " + pad(text_at(row, "feature"), 11) +
         " " + pad(kind, 11) + " " + what + "\n";
}

std::string summary_text(const boost::json::object& answer, const Look& look) {
  const auto& list = list_at(answer, "features");
  if (list.empty()) return "Nothing left this NAS.\n";
  std::size_t wide = 8;
  for (const auto& item : list) wide = std::max(wide, width(text_at(object_of(item), "feature")) + 1);
  const auto right = [](const std::string& text, std::size_t columns) {
    return std::string(columns > width(text) ? columns - width(text) : 0, ' ') + text;
  };
  std::string out = paint(look, Tone::strong,
                          pad("FEATURE", wide) + right("MESSAGES", 10) + right("CONNECTIONS", 13) +
                              right("OUT", 12) + right("IN", 12)) +
                    "\n";
  for (const auto& item : list) {
    const auto& row = object_of(item);
    out += pad(text_at(row, "feature"), wide) + right(std::to_string(number_at(row, "messages")), 10) +
           right(std::to_string(number_at(row, "connections")), 13) +
           right(bytes(number_at(row, "bytes_out")), 12) + right(bytes(number_at(row, "bytes_in")), 12) +
           "\n";
  }
  return out;
}

}  // namespace qcloud::cli
