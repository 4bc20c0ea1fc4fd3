// Errors of the API: application/problem+json (RFC 9457) with a stable code.
//
// A handler refuses by throwing a Problem; the one place that catches it is Cloud::handle(). Nothing else
// in the cloud throws, but for a failing store (DbError), which becomes a 500 there.
#pragma once

#include <boost/json/object.hpp>

#include <string>

#include "tests/cloud/http.hpp"

namespace refcloud {

struct Problem {
  int status;
  std::string code;    ///< the last part of `type`: urn:qcloud:problem:CODE
  std::string detail;  ///< one sentence for a person
  bool retryable = false;
  boost::json::object members{};  ///< further members
  Headers headers{};              ///< for example Retry-After, Allow
};

/// The standard reason phrase, which is also the problem's title.
const char* reason(int status);
Response problem_response(const Problem&);

/// 503 and 429 carry Retry-After.
Problem unavailable(std::string code, std::string detail, Seconds retry_after);
Problem too_many(std::string detail, Seconds retry_after);

}  // namespace refcloud
