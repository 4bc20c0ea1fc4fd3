// The catalog: complete, and the same in docs/doctor.md.
#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "agent/features/doctor/words/catalog.hpp"

using namespace qcloud::doctor;

namespace {

std::string page() {
  std::string path = QCLOUD_CONTROL_OPENAPI;  // docs/openapi/control.yaml
  path.erase(path.rfind("openapi/"));
  std::ifstream in(path + "doctor.md");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("doctor: each code once; what is no good has a cause and a fix") {
  std::set<std::string_view> codes;
  for (const auto& entry : catalog()) {
    CAPTURE(entry.code);
    CHECK(codes.insert(entry.code).second);
    CHECK_FALSE(entry.area.empty());
    CHECK_FALSE(entry.text.empty());
    bool fault = entry.severity == Severity::warning || entry.severity == Severity::error;
    CHECK((!fault || (!entry.cause.empty() && !entry.fix.empty())));
  }
  CHECK(find_entry("no_such_code") == nullptr);
}

TEST_CASE("doctor: docs/doctor.md says what the catalog says, and nothing else") {
  std::string expected;
  for (const auto& entry : catalog())
    expected += "| `" + std::string(entry.code) + "` | " + std::string(entry.area) + " | " +
                std::string(to_string(entry.severity)) + " | " + std::string(entry.text) + " | " +
                std::string(entry.cause) + " | " + std::string(entry.fix) + " |\n";
  std::istringstream lines(page());
  std::string found, line;
  bool table = false;
  while (std::getline(lines, line)) {
    table = line.starts_with("| code | area |") || (table && line.starts_with("|"));
    if (table && line.starts_with("| `")) found += line + "\n";
  }
  CHECK(found == expected);
}

TEST_CASE("doctor: every code of the page's first table exists") {
  std::istringstream lines(page());
  std::string line;
  int rows = 0;
  while (std::getline(lines, line)) {
    if (line.starts_with("| code | area |")) break;
    if (!line.starts_with("| ") || line.find('`') == std::string::npos) continue;
    ++rows;
    // The second column.
    auto column = line.find(" | ");
    line = line.substr(column, line.find(" | ", column + 3) - column);
    for (size_t at = line.find('`'); at != std::string::npos; at = line.find('`', at + 1)) {
      auto end = line.find('`', at + 1);
      auto code = line.substr(at + 1, end - at - 1);
      CHECK_MESSAGE(find_entry(code), code);
      at = end;
    }
  }
  CHECK(rows >= 12);
}

TEST_CASE("doctor: a check as an object") {
  auto object = to_json({"slow_path", {{"rtt", "612"}, {"retransmits", "0"}}});
  CHECK(object.at("severity") == "warning");
  CHECK(object.at("text") == "The way to the cloud is long: 612 ms there and back.");
  CHECK(object.at("evidence").at("rtt") == "612");
  CHECK(to_json({"no_route", {}}).at("evidence").is_object());
}
