// Health as data: a condition has a code, a severity, words, evidence and a fix. The CLI, the panel
// and the log show the same object.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/clock.hpp"
#include "agent/core/fact.hpp"

namespace qcloud {

enum class Severity { info, warning, error };

// What a policy finds: a code of the catalog and the parameters of its text.
struct Finding {
  std::string code;
  std::map<std::string, std::string> params;
  auto operator<=>(const Finding&) const = default;
};

struct Condition {
  Finding finding;
  WallTime since;
  bool operator==(const Condition&) const = default;
};

// The catalog: every code that can appear, in one table (docs/status.md is held against it).
struct CatalogEntry {
  std::string_view code;
  Severity severity;
  std::string_view text;  // {name} stands for a parameter
  std::string_view fix;
};
const CatalogEntry* find_in_catalog(std::string_view code);
std::vector<const CatalogEntry*> whole_catalog();

std::string_view to_string(Severity severity);
// {code, severity, text, evidence, fix, since, feature}
boost::json::object to_json(const Condition& condition, std::string_view feature);

// Each feature reports all that it finds, each time; what it no longer reports is over.
class HealthBoard {
 public:
  explicit HealthBoard(Clock& clock) : clock_(clock) {}
  void report(std::string_view feature, std::vector<Finding> findings);
  std::vector<Condition> of(std::string_view feature) const;

  using Board = std::map<std::string, std::vector<Condition>, std::less<>>;
  Fact<Board> board;

 private:
  Clock& clock_;
};

}  // namespace qcloud
