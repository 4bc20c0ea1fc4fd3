// What left the box, in words: one line a row. Pure.
#pragma once

#include "agent/cli/text.hpp"

#include <boost/json/object.hpp>
#include <string>

namespace qcloud::cli {

/// The heading above ledger_row(); columns are fixed, so that --follow lines up too.
std::string ledger_head(const Look& look);

/// One row of GET /v1/ledger: a message, a connection, or a gap.
std::string ledger_row(const boost::json::object& row, const Look& look);

/// GET /v1/ledger/summary.
std::string summary_text(const boost::json::object& answer, const Look& look);

}  // namespace qcloud::cli
