// Settings and audience as words for the owner. Pure.
#pragma once

#include "agent/cli/text.hpp"

#include <boost/json/object.hpp>
#include <string>
#include <vector>

namespace qcloud::cli {

/// GET /v1/settings as a list: key, value, whose word it is, what it does.
std::string settings_text(const boost::json::object& settings, const Look& look);

/// Where a published service listens, and how it is led to.
std::string service_text(const boost::json::object& service);

/// What a restore would change, one line each; both are backups. Empty: nothing.
std::vector<std::string> restore_changes(const boost::json::object& now, const boost::json::object& wanted);

/// Settings are texts or null, switches are on or off.
bool well_formed(const boost::json::object& backup);

/// What it means that `audience` may look this NAS up.
std::string audience_consequence(std::string_view audience, const Look& look);
std::string audience_text(const boost::json::object& audience, const Look& look);

}  // namespace qcloud::cli
