// The body of a request to the local API: one JSON object, read strictly.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "agent/core/result.hpp"

namespace qcloud {

// At most 8 levels deep, no member twice (RFC 8259 section 4: two readers would disagree on which one
// counts). Error: request.malformed, in words. Pure; fuzzed.
Result<boost::json::object> read_json(std::string_view text);

}  // namespace qcloud
