#include "agent/control/api.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace qcloud {

namespace json = boost::json;

int status_of(const Error& error) {
  if (error.code.starts_with("request.")) return error.code == "request.not_found" ? 404 : 400;
  if (error.code.starts_with("store.")) return 500;
  if (error.code.starts_with("net.") || error.code == "cloud.bad_answer" || error.code == "cloud.server_error") return 502;
  return 409;
}

json::object problem_of(const Error& error, int status) {
  static const std::map<int, const char*> titles = {
      {400, "The request is not understood"}, {403, "Not permitted"},         {404, "There is no such thing"},
      {405, "Not possible here"},             {409, "It could not be done"},  {413, "The request is too large"},
      {500, "The agent has trouble"},         {502, "The cloud could not be asked"}};
  auto title = titles.find(status);
  return {{"type", "urn:qcloud:problem:" + error.code},
          {"title", title == titles.end() ? "It could not be done" : title->second},
          {"status", status},
          {"detail", error.detail},
          {"fix", error.fix},
          {"retryable", error.retry == Retry::retry_soon || error.retry == Retry::retry_later}};
}

namespace {

bool fits(const std::string& pattern, const boost::urls::url_view& url, std::map<std::string, std::string>& values) {
  std::size_t at = 1;  // behind the first '/'
  for (auto segment : url.segments()) {
    if (at > pattern.size()) return false;
    auto end = pattern.find('/', at);
    auto part = pattern.substr(at, end == std::string::npos ? std::string::npos : end - at);
    if (part.starts_with('{'))
      values[part.substr(1, part.size() - 2)] = std::string(segment);
    else if (part != std::string(segment))
      return false;
    at = end == std::string::npos ? pattern.size() + 1 : end + 1;
  }
  return at == pattern.size() + 1;
}

}  // namespace

Match match(const std::vector<Route>& routes, const std::string& method, const std::string& target) {
  Match out;
  auto url = boost::urls::parse_origin_form(target);
  if (!url) return out;
  for (const auto& route : routes) {
    std::map<std::string, std::string> values;
    if (!fits(route.path, *url, values)) continue;
    out.path_known = true;
    out.allow.push_back(route.method);
    if (route.method != method) continue;
    out.route = &route;
    out.request.method = method;
    out.request.path = std::move(values);
    for (auto parameter : url->params())
      out.request.query[std::string(parameter.key)] = parameter.has_value ? std::string(parameter.value) : "";
    return out;
  }
  return out;
}

}  // namespace qcloud
