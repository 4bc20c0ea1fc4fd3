#include "agent/control/api.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace qcloud {

namespace json = boost::json;

namespace {

// Our codes, as docs/openapi/control.yaml calls them. A code of the cloud passes through.
struct Known {
  std::string_view code;  // ends with '.': all of that kind
  int status;
  std::string_view problem;
};
constexpr Known known[] = {
    {"request.not_permitted", 403, "not-permitted"},
    {"request.not_found", 404, "not-found"},
    {"request.unknown_feature", 404, "not-found"},
    {"request.method", 405, "method-not-allowed"},
    {"request.too_large", 413, "too-large"},
    {"request.slow", 408, "too-slow"},
    {"request.busy", 429, "busy"},
    {"internal", 500, "internal"},
    {"request.no_switch", 409, "no-switch"},
    {"request.", 400, "invalid-request"},
    {"identity.none", 409, "not-registered"},
    {"identity.key", 500, "state-unusable"},
    {"register.already", 409, "already-registered"},
    {"register.denied", 403, "registration-denied"},
    {"register.expired", 410, "registration-expired"},
    {"register.", 502, "cloud-refused"},
    {"audience.invalid", 422, "audience-invalid"},
    {"device_name.invalid", 422, "device-name-invalid"},
    {"link.service_invalid", 422, "service-invalid"},
    {"link.no_service", 404, "not-found"},
    {"link.too_many", 409, "too-many-services"},
    {"config.", 422, "setting-invalid"},
    {"platform.not_set_up", 409, "not-set-up"},
    {"name.exists", 409, "name-exists"},
    {"name.none", 409, "no-name"},
    {"name.invalid", 422, "name-invalid"},
    {"gate.switched_off", 409, "feature-off"},
    {"gate.called_off", 409, "feature-off"},
    {"gate.no_host", 503, "cloud-unreachable"},
    {"net.", 503, "cloud-unreachable"},
    {"store.", 500, "state-unusable"},
    {"cloud.bad_answer", 502, "cloud-refused"},
    {"cloud.server_error", 502, "cloud-refused"},
    {"cloud.name-invalid", 422, "name-invalid"},
    {"cloud.device-removed", 410, "device-removed"},
    {"cloud.internal", 502, "cloud-refused"},
    {"oauth.", 502, "cloud-refused"},
    {"receipt.", 502, "cloud-refused"},
};

const Known* find_known(std::string_view code) {
  for (const auto& entry : known)
    if (entry.code.ends_with('.') ? code.starts_with(entry.code) : code == entry.code) return &entry;
  return nullptr;
}

std::string problem_code(std::string_view code) {
  if (const Known* entry = find_known(code)) return std::string(entry->problem);
  return code.starts_with("cloud.") ? std::string(code.substr(6)) : "internal";
}

}  // namespace

int status_of(const Error& error) {
  if (const Known* entry = find_known(error.code)) return entry->status;
  return error.code.starts_with("cloud.") ? 409 : 500;
}

json::object problem_of(const Error& error, int status) {
  static const std::map<int, const char*> titles = {{400, "The request is not understood"},
                                                    {403, "Not permitted"},
                                                    {404, "There is no such thing"},
                                                    {405, "Not possible here"},
                                                    {408, "The request came too slowly"},
                                                    {409, "It could not be done"},
                                                    {413, "The request is too large"},
                                                    {410, "It is gone"},
                                                    {422, "That will not do"},
                                                    {429, "Too much at once"},
                                                    {500, "The agent has trouble"},
                                                    {502, "The cloud's answer is of no use"},
                                                    {503, "The cloud cannot be reached"}};
  auto title = titles.find(status);
  return {{"type", "urn:qcloud:problem:" + problem_code(error.code)},
          {"title", title == titles.end() ? "It could not be done" : title->second},
          {"status", status},
          {"detail", error.detail},
          {"fix", error.fix},
          {"retryable", error.retry == Retry::retry_soon || error.retry == Retry::retry_later}};
}

namespace {

bool fits(const std::string& pattern, const boost::urls::url_view& url,
          std::map<std::string, std::string>& values) {
  std::size_t at = 1;  // behind the first '/'
  for (auto segment : url.segments()) {
    if (at > pattern.size()) return false;
    auto end = pattern.find('/', at);
    auto part = pattern.substr(at, end == std::string::npos ? std::string::npos : end - at);
    if (part.starts_with('{') && std::string(segment).empty()) return false;
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
