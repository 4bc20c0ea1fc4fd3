// An answer of the cloud as the gate hands it to a feature: read as far as it can be.
#pragma once

#include <boost/json/parse.hpp>
#include <string>

#include "agent/gate/answer.hpp"

namespace unit {

inline qcloud::Answer with(int status, const std::string& body) {
  qcloud::Answer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = body;
  boost::system::error_code bad;
  auto value = boost::json::parse(body, bad);
  if (!bad && value.is_object()) answer.json = value.as_object();
  return answer;
}

}  // namespace unit
