#include "agent/health/health.hpp"

#include <algorithm>

namespace qcloud {

namespace json = boost::json;

namespace {

std::string fill(std::string_view text, const std::map<std::string, std::string>& params) {
  std::string out;
  while (!text.empty()) {
    auto open = text.find('{');
    auto close = text.find('}', open == std::string_view::npos ? 0 : open);
    out += text.substr(0, open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    auto found = params.find(std::string(text.substr(open + 1, close - open - 1)));
    if (found != params.end()) out += found->second;
    text.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

json::object to_json(const Condition& condition, std::string_view feature) {
  const Finding& finding = condition.finding;
  const CatalogEntry* entry = find_in_catalog(finding.code);
  json::object evidence;
  for (const auto& [name, value] : finding.params) evidence[name] = value;
  json::object out;
  out["code"] = finding.code;
  out["severity"] = entry ? std::string(to_string(entry->severity)) : "error";
  out["text"] = entry ? fill(entry->text, finding.params) : finding.code;
  out["evidence"] = std::move(evidence);
  out["fix"] = entry ? fill(entry->fix, finding.params) : "";
  out["since"] = to_rfc3339(condition.since);
  out["feature"] = feature.empty() ? json::value(nullptr) : json::value(std::string(feature));
  return out;
}

void HealthBoard::report(std::string_view feature, std::vector<Finding> findings) {
  std::sort(findings.begin(), findings.end());
  auto before = of(feature);
  std::vector<Condition> conditions;
  for (auto& finding : findings) {
    auto same = std::find_if(before.begin(), before.end(),
                             [&](const Condition& c) { return c.finding.code == finding.code; });
    conditions.push_back({std::move(finding), same == before.end() ? clock_.wall() : same->since});
  }
  if (conditions == before) return;
  board.update([&](Board& all) { all[std::string(feature)] = std::move(conditions); });
}

std::vector<Condition> HealthBoard::of(std::string_view feature) const {
  auto at = board.get().find(feature);
  return at == board.get().end() ? std::vector<Condition>() : at->second;
}

}  // namespace qcloud
