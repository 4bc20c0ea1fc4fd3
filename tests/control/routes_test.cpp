// The table of the local API against docs/openapi/control.yaml, both ways.
#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "tests/app/agent_world.hpp"

using namespace qcloud;

namespace {

// "GET /v1/status" -> "everyone". Reads the file's own layout: paths at two blanks, methods at four.
std::map<std::string, std::string> documented() {
  std::map<std::string, std::string> all;
  std::ifstream in(QCLOUD_CONTROL_OPENAPI);
  REQUIRE(in);
  std::string line, path, method;
  bool inside = false;
  while (std::getline(in, line)) {
    if (!line.empty() && line[0] != ' ') inside = line == "paths:";
    if (!inside || line.size() < 4) continue;
    if (line.starts_with("  /") && line.back() == ':') path = line.substr(2, line.size() - 3);
    for (auto known : {"get", "put", "post", "delete", "patch"})
      if (line == "    " + std::string(known) + ":") {
        method = known;
        for (auto& c : method) c = static_cast<char>(std::toupper(c));
        all[method + " " + path] = "";
      }
    constexpr std::string_view key = "      x-qcloud-authorization: ";
    if (line.starts_with(key)) all[method + " " + path] = line.substr(key.size());
  }
  return all;
}

}  // namespace

TEST_CASE_FIXTURE(
    unit::AgentWorld,
    "control: every route is documented and every documented one exists, with the same authorization") {
  auto book = documented();
  CHECK(book.size() > 15);
  std::map<std::string, std::string> real;
  for (const auto& route : routes) {
    auto name = route.method + " " + route.path;
    CAPTURE(name);
    CHECK_FALSE(real.contains(name));
    real[name] = route.access == Access::everyone ? "everyone" : "admin";
    bool stream = route.path == "/v1/events";  // the listener's own
    if (!stream) CHECK(bool(route.handler));
  }
  // The listener serves the stream itself; if it is not in the table it is guarded as admin there.
  if (!real.contains("GET /v1/events")) book.erase("GET /v1/events");
  CHECK(real == book);
}

TEST_CASE_FIXTURE(unit::AgentWorld, "R1 control: only the status is for everyone") {
  for (const auto& route : routes) {
    CAPTURE(route.method + " " + route.path);
    CHECK((route.access == Access::everyone) == (route.method == "GET" && route.path == "/v1/status"));
  }
}

TEST_CASE_FIXTURE(unit::AgentWorld, "control: a route is admin unless it says otherwise") {
  CHECK(Route{}.access == Access::admin);
}

TEST_CASE_FIXTURE(unit::AgentWorld, "control: a body has only members that are documented") {
  std::map<std::string, std::vector<std::string>> bodies = {
      {"PUT /v1/features/{name}", {"on"}},
      {"PUT /v1/name", {"name", "mode"}},
      {"POST /v1/data/erase", {"feature"}},
      {"PUT /v1/settings", {"key", "value"}},
      {"POST /v1/settings/restore", {"backup"}},
      {"PUT /v1/audience", {"audience", "invited"}},
      {"POST /v1/data/correct", {"field", "value"}},
      {"POST /v1/bundle", {"attachments"}},
      {"PUT /v1/link/services/{name}", {"address", "port", "tls", "proxy_protocol", "admin_page"}}};
  for (const auto& route : routes) {
    auto name = route.method + " " + route.path;
    CAPTURE(name);
    CHECK(route.body_members == bodies[name]);
  }
}
