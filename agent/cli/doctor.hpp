// The doctor's checks in words. Pure.
#pragma once

#include "agent/cli/text.hpp"

#include <boost/json/object.hpp>
#include <string>

namespace qcloud::cli {

/// One line a check, and below what is no good: cause, what was seen, fix.
std::string doctor_text(const boost::json::object& found, const Look& look);

/// Is there a check of severity `error`?
bool doctor_found_error(const boost::json::object& found);

}  // namespace qcloud::cli
