// `qcloud status` in words. Pure.
#pragma once

#include "agent/cli/text.hpp"

#include <boost/json/object.hpp>
#include <string>

namespace qcloud::cli {

/// GET /v1/status on one screen.
std::string status_text(const boost::json::object& status, const Look& look);

/// Whether any condition, of the box or of a feature, has severity "error".
bool has_error(const boost::json::object& status);

/// An erasure order in one sentence: `erased`, or `order filed`.
std::string order_text(const boost::json::object& order, const Look& look);

}  // namespace qcloud::cli
