// The one anonymizer (promise A8), used by every log sink and bundle.
//   mail addresses            removed
//   IPv4 addresses            last byte masked: 5.6.7.x
//   IPv6 addresses            all but the first 48 bits masked: 2a0b:1:2::x
//   MAC addresses             removed, in the notations of ':', '-' and '.'
//   serial numbers, secrets   removed: values behind a telling key (serial, token, password, ...),
//                             JWTs, PEM blocks, and runs of 32 or more token characters
#pragma once

#include <string>
#include <string_view>

namespace qcloud {

std::string anonymize(std::string_view text);

}  // namespace qcloud
