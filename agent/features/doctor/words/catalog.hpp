// Every check the doctor can report, in words: the one table (docs/doctor.md is held against it).
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace qcloud::doctor {

// `skipped`: could not be looked at, because of something else that is said.
enum class Severity { ok, info, warning, error, skipped };

struct Entry {
  std::string_view code;  // stable, for programs
  std::string_view area;
  Severity severity;
  std::string_view text;   // what is; {name} stands for a piece of evidence
  std::string_view cause;  // what this usually comes from
  std::string_view fix;    // what the owner can do
};

// What the policy found: a code of the catalog, and what was seen.
struct Check {
  std::string code;
  std::map<std::string, std::string> evidence;
  bool operator==(const Check&) const = default;
};

std::span<const Entry> catalog();
const Entry* find_entry(std::string_view code);
std::string_view to_string(Severity severity);

// {code, area, severity, text, cause, evidence, fix}
boost::json::object to_json(const Check& check);

}  // namespace qcloud::doctor
