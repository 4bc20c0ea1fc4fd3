// The only place where a message becomes bytes. Pure.
#pragma once

#include <string>

#include "agent/core/result.hpp"
#include "agent/gate/message.hpp"
#include "agent/gate/transport.hpp"

namespace qcloud {

struct Wire {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// `base_path`: what the configured URL of the host has before our own paths, without a final slash.
// Errors: gate.incomplete (a field that is not optional is missing), gate.too_large.
Result<Wire> serialize(const RawMessage& message, const std::string& base_path);

// The names of the fields that leave, as the ledger and the manifest call them.
std::vector<std::string> field_names(const RawMessage& message);

}  // namespace qcloud
