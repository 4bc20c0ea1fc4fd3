#include "agent/cli/doctor.hpp"

#include "agent/cli/field.hpp"

#include <algorithm>

namespace qcloud::cli {
namespace {

Tone tone_of(const std::string& severity) {
  if (severity == "error") return Tone::bad;
  if (severity == "warning") return Tone::warning;
  return severity == "ok" ? Tone::good : Tone::faint;
}

bool no_good(const std::string& severity) { return severity == "error" || severity == "warning"; }

std::string seen(const boost::json::object& evidence) {
  std::string out;
  for (const auto& [name, value] : evidence) {
    if (words(value).empty()) continue;
    out += (out.empty() ? "" : ", ") + plain(name) + " " + words(value);
  }
  return out;
}

std::string below(std::string_view head, const std::string& text, std::size_t indent, const Look& look) {
  if (text.empty()) return {};
  return std::string(indent, ' ') + std::string(head) + wrap(text, indent + width(head), look.columns) + "\n";
}

std::string check_text(const boost::json::object& check, std::size_t wide, const Look& look) {
  const std::string severity = text_at(check, "severity");
  const std::string head = "  " + pad(text_at(check, "area"), wide) + "  " + pad(severity, 7) + "  ";
  const std::size_t indent = width(head);
  std::string text = text_at(check, "text");
  if (no_good(severity)) text += " [" + text_at(check, "code") + "]";
  std::string out = "  " + pad(text_at(check, "area"), wide) + "  " +
                    paint(look, tone_of(severity), pad(severity, 7)) + "  " +
                    wrap(text, indent, look.columns) + "\n";
  if (!no_good(severity)) return out;
  return out + below("why:  ", text_at(check, "cause"), indent, look) +
         below("seen: ", seen(object_at(check, "evidence")), indent, look) +
         below("fix:  ", text_at(check, "fix"), indent, look);
}

}  // namespace

std::string doctor_text(const boost::json::object& found, const Look& look) {
  const auto& checks = list_at(found, "checks");
  std::size_t wide = 4;
  std::int64_t errors = 0, warnings = 0;
  for (const auto& item : checks) {
    wide = std::max(wide, width(text_at(object_of(item), "area")));
    errors += text_at(object_of(item), "severity") == "error";
    warnings += text_at(object_of(item), "severity") == "warning";
  }
  std::string out;
  for (const auto& item : checks) out += check_text(object_of(item), wide, look);
  if (errors == 0 && warnings == 0) return out + "\nNothing is wrong.\n";
  return out + "\n" + count(errors, "error") + ", " + count(warnings, "warning") + ".\n";
}

bool doctor_found_error(const boost::json::object& found) {
  const auto& checks = list_at(found, "checks");
  return std::any_of(checks.begin(), checks.end(),
                     [](const auto& item) { return text_at(object_of(item), "severity") == "error"; });
}

}  // namespace qcloud::cli
