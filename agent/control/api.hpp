// The local API as a table: method, path, who may, what happens. What is not in the table is denied.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/core/result.hpp"
#include "agent/core/task.hpp"

namespace qcloud {

enum class Access { everyone, admin };

struct ApiRequest {
  std::string method;
  std::map<std::string, std::string> path;  // {name} -> value
  std::map<std::string, std::string> query;
  boost::json::object body;  // empty when there was none
};

struct ApiAnswer {
  int status = 200;
  boost::json::object body;
};

using ApiHandler = std::function<Task<Result<ApiAnswer>>(ApiRequest)>;

struct Route {
  std::string method;
  std::string path;  // "/v1/features/{name}"
  Access access = Access::admin;
  ApiHandler handler;
  // Members that a body may have; anything else is refused.
  std::vector<std::string> body_members;
};

// What a GET of /v1/events is told. `type`: status, registration, ledger, switch, receipt.
struct Event {
  std::string type;
  boost::json::object data;
};

// RFC 9457, as the CLI and the panel show it.
boost::json::object problem_of(const Error& error, int status);
int status_of(const Error& error);

struct Match {
  const Route* route = nullptr;
  ApiRequest request;
  bool path_known = false;         // another method would do
  std::vector<std::string> allow;  // those methods
};
// Pure: finds the route of a request line. `target`: path and query, percent-decoded here.
Match match(const std::vector<Route>& routes, const std::string& method, const std::string& target);

}  // namespace qcloud
