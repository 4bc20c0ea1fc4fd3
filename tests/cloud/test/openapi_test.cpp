// The routing table and docs/openapi/cloud.yaml say the same, line by line.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "tests/cloud/cloud.hpp"

using namespace refcloud;

namespace {

// "METHOD path" -> what stands behind "security:". Relies on the file's own layout: two spaces a level.
std::map<std::string, std::string> described() {
  std::ifstream in(REFCLOUD_OPENAPI);
  REQUIRE(in);
  static const std::set<std::string> methods{"get", "put", "post", "patch", "delete"};
  std::map<std::string, std::string> out;
  std::string line, path, operation;
  bool paths = false;
  while (std::getline(in, line)) {
    if (!line.empty() && line[0] != ' ' && line[0] != '#') paths = line == "paths:";
    if (!paths) continue;
    if (line.starts_with("  /")) path = line.substr(2, line.find(':') - 2);
    if (line.starts_with("    ") && line.size() > 5 && line[4] != ' ') {
      auto method = line.substr(4, line.find(':') - 4);
      if (!methods.count(method)) continue;
      std::transform(method.begin(), method.end(), method.begin(),
                     [](char c) { return static_cast<char>(c - 'a' + 'A'); });
      operation.assign(method).append(" ").append(path);
      out[operation] = "missing";
    }
    const std::string security = "      security: ";
    if (line.starts_with(security)) out[operation] = line.substr(security.size());
  }
  return out;
}

std::string security_of(const RouteInfo& route) {
  switch (route.auth) {
    case Auth::open:
      return route.path.ends_with("simpleenroll") ? "[{ accessToken: [] }]" : "[]";
    case Auth::account:
      return "[{ session: [] }]";
    case Auth::lookup:
      return "[{ lookupToken: [] }]";
    case Auth::update:
      return "[{ updateToken: [] }]";
    case Auth::certificate:
      return "[{ deviceCertificate: [] }]";
    case Auth::certificate_expired_ok:
      return "[{ deviceCertificateEvenExpired: [] }]";
  }
  return {};
}

}  // namespace

TEST_CASE("every route is described, with its authorization, and nothing else is") {
  auto yaml = described();
  for (const auto& route : routes()) {
    const auto operation = std::string(route.method) + ' ' + std::string(route.path);
    CAPTURE(operation);
    REQUIRE(yaml.count(operation) == 1);
    CHECK(yaml[operation] == security_of(route));
    yaml.erase(operation);
  }
  for (const auto& [operation, security] : yaml) FAIL_CHECK(operation << " is described but not served");
}
