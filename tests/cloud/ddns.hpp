// The direct addresses of a NAS: what it reported last, or what a dyndns2 client said for it.
#pragma once

#include "tests/cloud/publish.hpp"

namespace refcloud {

struct Report {
  std::optional<std::string> ipv4, ipv6;  ///< canonical text of global addresses
  std::int64_t revision = 0;              ///< counts the reports that changed something; 0: none yet
};

Report report_of(State&, const std::string& device_id);

/// Replaces the report and publishes what follows; sets its revision. False if nothing had to be done. Throws
/// 503 dns-unavailable, and nothing is changed.
bool store_report(State&, const std::string& device_id, Report&);

}  // namespace refcloud
