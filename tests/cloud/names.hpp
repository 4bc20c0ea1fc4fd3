// The rules of public names.
#pragma once

#include "tests/cloud/publish.hpp"

namespace refcloud {

/// Why a name (already in lower case) cannot be claimed; nothing if it can.
std::optional<std::string> name_fault(std::string_view);

/// Claims, renames, or (with nothing) releases. Throws 422 name-invalid, 409 name-taken, 503 dns-unavailable.
/// Returns the name in lower case.
std::optional<std::string> set_name(State&, const std::string& device_id,
                                    const std::optional<std::string>& name);

/// set_name() by the account or the operator: the NAS is told with an event.
void rename_device(State&, const std::string& device_id, const std::optional<std::string>& name);

}  // namespace refcloud
