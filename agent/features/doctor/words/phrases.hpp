// What was seen, in the owner's words.
#pragma once

#include <string>
#include <vector>

#include "agent/gate/transport.hpp"

namespace qcloud::doctor {

std::string joined(const std::vector<std::string>& list);  // "a, b"; "none"
std::string in_words(DnsStatus status);
std::string in_words(Millis span);  // "3 hours", whichever way

}  // namespace qcloud::doctor
