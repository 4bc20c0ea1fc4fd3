#include "tests/sim/sim_rules.hpp"

#include <boost/json/parse.hpp>
#include <map>
#include <set>

namespace sim {
namespace {

struct Rule {
  const char* feature;
  std::set<std::string> members;
};

const Rule* rule_of(const std::string& method, const std::string& path) {
  static const std::map<std::string, Rule> rules = {
      {"POST /device/auth",
       {"enroll", {"client_id", "scope", "device_model", "device_name", "device_serial_tail"}}},
      {"POST /token", {"enroll", {"grant_type", "client_id", "device_code"}}},
      {"POST /.well-known/est/simpleenroll", {"enroll", {}}},
      {"POST /.well-known/est/simplereenroll", {"enroll", {}}},
      {"GET /v1/device", {"enroll", {}}},
      {"PATCH /v1/device", {"enroll", {"device_name"}}},
      {"GET /v1/audience", {"enroll", {}}},
      {"PUT /v1/audience", {"enroll", {"audience", "invited"}}},
      {"PUT /v1/name", {"enroll", {"name"}}},
      {"DELETE /v1/name", {"enroll", {}}},
      {"GET /v1/watch", {"ddns", {"cursor", "seen", "hold"}}},
      {"GET /v1/whoami", {"ddns", {}}},
      {"PUT /v1/ddns", {"ddns", {"ipv4", "ipv6"}}},
      {"POST /v1/erasure-requests", {"erasure", {"request"}}},
      {"GET /v1/export", {"erasure", {"scope"}}},
  };
  auto key = method + " " + path;
  if (key.starts_with("GET /v1/erasure-requests/")) {
    static const Rule ask{"erasure", {}};
    return &ask;
  }
  auto at = rules.find(key);
  return at == rules.end() ? nullptr : &at->second;
}

void pairs(const std::string& text, std::vector<std::string>& names) {
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('&', at), text.size());
    names.push_back(text.substr(at, std::min(text.find('=', at), end) - at));
    at = end + 1;
  }
}

}  // namespace

std::string feature_of(const std::string& method, const std::string& path) {
  const Rule* rule = rule_of(method, path);
  return rule ? rule->feature : "";
}

std::vector<std::string> unknown_members(const std::string& method, const std::string& path,
                                         const std::string& target, const std::string& body) {
  std::vector<std::string> names;
  if (auto question = target.find('?'); question != std::string::npos)
    pairs(target.substr(question + 1), names);
  bool opaque = path.starts_with("/.well-known/est/");
  if (body.starts_with("{")) {
    boost::system::error_code failed;
    auto value = boost::json::parse(body, failed);
    if (failed || !value.is_object()) return {"unreadable JSON"};
    for (const auto& member : value.as_object()) names.emplace_back(member.key());
  } else if (!body.empty() && !opaque) {
    pairs(body, names);
  }
  const Rule* rule = rule_of(method, path);
  std::vector<std::string> unknown;
  for (auto& name : names)
    if (!rule || !rule->members.contains(name)) unknown.push_back(name);
  return unknown;
}

void lie(qcloud::HttpResponse& response, SimRng& rng) {
  switch (rng.below(5)) {
    case 0:
      response = {};
      response.status = 302;
      response.content_type = "text/html";
      response.body = "<html>Please sign in to the hotel's network</html>";
      break;
    case 1:
      response.status = 200;
      response.content_type = "text/html";
      response.body = "<html>It works!</html>";
      break;
    case 2:
      if (!response.body.empty()) response.body.resize(rng.below(response.body.size()));
      break;
    case 3:
      for (auto& c : response.body)
        if (rng.chance(0.02)) c = static_cast<char>(rng.below(256));
      break;
    default: {
      // A receipt whose signature does not hold.
      auto at = response.body.find("\"receipt\":\"");
      if (at == std::string::npos) break;
      auto end = response.body.find('"', at + 11);
      if (end != std::string::npos && end > at + 40)
        response.body[end - 30] = response.body[end - 30] == 'A' ? 'B' : 'A';
    }
  }
}

}  // namespace sim
