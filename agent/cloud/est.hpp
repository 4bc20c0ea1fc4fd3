// The one body of EST (RFC 7030) that comes back: certs-only PKCS#7 in base64, wrapped or not
// (RFC 8951). Pure; fuzzed.
#pragma once

#include <string_view>
#include <vector>

#include "agent/cloud/device_key.hpp"

namespace qcloud {

// 1..8 certificates. Error: cloud.bad_answer.
Result<std::vector<Certificate>> parse_certs_only(std::string_view body);

}  // namespace qcloud
