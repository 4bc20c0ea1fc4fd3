// What a feature may send, to whom, where, why and for how long, in words. Pure.
#pragma once

#include "agent/cli/text.hpp"

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace qcloud::cli {

/// GET /v1/manifest or GET /v1/manifest/NAME.
std::string manifest_text(const boost::json::object& answer, const Look& look);

/// What the cloud holds: one line a feature that it holds anything of; `only` is a
/// feature's name, or empty for all.
std::string holds_text(const boost::json::object& answer, std::string_view only, const Look& look);

/// What throwing the switch of `feature` does.
std::string consequence_text(const boost::json::object& answer, std::string_view feature, bool on,
                             const Look& look);

}  // namespace qcloud::cli
