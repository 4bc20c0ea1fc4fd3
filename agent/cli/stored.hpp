// What the cloud stores of this NAS, in words. Pure.
#pragma once

#include "agent/cli/text.hpp"

#include <boost/json/object.hpp>
#include <string>

namespace qcloud::cli {

/// GET /v1/data: each store with its records, member by member.
std::string stored_text(const boost::json::object& answer, const Look& look);

}  // namespace qcloud::cli
