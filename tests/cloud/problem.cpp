#include "tests/cloud/problem.hpp"

#include <boost/json/serialize.hpp>

#include "tests/cloud/encoding.hpp"

namespace refcloud {

const std::string* header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (same_letters(key, name)) return &value;
  return nullptr;
}

const char* reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 303:
      return "See Other";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

Response problem_response(const Problem& problem) {
  boost::json::object body{{"type", "urn:qcloud:problem:" + problem.code},
                           {"title", reason(problem.status)},
                           {"status", problem.status},
                           {"detail", problem.detail},
                           {"retryable", problem.retryable}};
  for (const auto& member : problem.members) body[member.key()] = member.value();
  Response response{problem.status, problem.headers, boost::json::serialize(body)};
  response.headers.emplace_back("Content-Type", "application/problem+json");
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Problem unavailable(std::string code, std::string detail, Seconds retry_after) {
  return {503, std::move(code), std::move(detail), true, {}, {{"Retry-After", std::to_string(retry_after)}}};
}

Problem too_many(std::string detail, Seconds retry_after) {
  return {
      429, "too-many-requests", std::move(detail), true, {}, {{"Retry-After", std::to_string(retry_after)}}};
}

}  // namespace refcloud
