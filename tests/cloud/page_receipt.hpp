// Receipts, for people.
#pragma once

#include "tests/cloud/erasure.hpp"

namespace refcloud {

/// What was deleted, what is kept, the signed text itself, and where to download it.
std::string receipt_html(const SignedReceipt&);

}  // namespace refcloud
