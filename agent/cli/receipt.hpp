// An erasure receipt in words, and what it has to keep to. Pure.
#pragma once

#include "agent/cli/text.hpp"

#include <boost/json/object.hpp>
#include <string>
#include <vector>

namespace qcloud::cli {

/// What a receipt's own words break of the promise: backups end within 180 days of
/// the request, and everything but payment, license and correspondence ends within
/// 6 months. `receipt` is the signed payload, or a row of GET /v1/receipts.
std::vector<std::string> broken_promises(const boost::json::object& receipt);

/// What was erased, when the backups end, what is retained until when.
std::string claims_text(const boost::json::object& receipt, const Look& look);

/// One receipt of GET /v1/receipts, whole.
std::string receipt_text(const boost::json::object& row, const Look& look);

/// The table of GET /v1/receipts.
std::string receipts_text(const boost::json::object& answer, const Look& look);

}  // namespace qcloud::cli
