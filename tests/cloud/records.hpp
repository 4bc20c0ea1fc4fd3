// What the cloud holds of a device, store by store: the same table serves the export, the receipt's hashes
// and the deletion, so that they cannot disagree.
#pragma once

#include <vector>

#include "tests/cloud/state.hpp"

namespace refcloud {

enum class Scope { ddns, link, registration };
inline constexpr Scope all_scopes[] = {Scope::ddns, Scope::link, Scope::registration};

struct StoreRecords {
  std::string name;
  json::array records;
};

/// The stores of one scope, in a fixed order; a store without records is there with an empty array.
std::vector<StoreRecords> records_of_scope(State&, const std::string& device_id, Scope);
/// Deletes what records_of_scope() lists.
void delete_scope(State&, const std::string& device_id, Scope);

/// "ddns", "link", "registration"; nothing for any other word.
std::optional<Scope> parse_scope(std::string_view);
std::string_view to_text(Scope);

}  // namespace refcloud
