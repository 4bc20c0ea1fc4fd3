// Where the derived records go. The cloud calls it inside of its own transaction and keeps the change only
// if DNS took it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/cloud/derive_records.hpp"

namespace refcloud {

struct NameRecords {
  std::string fqdn;  ///< without the final dot
  Records records;   ///< empty rrsets are deleted
};

class Dns {
 public:
  virtual ~Dns() = default;
  /// Replaces the A and AAAA rrsets of all these names, or of none. False if DNS did not take it, or if
  /// that is unknown; the same call may then be repeated.
  virtual bool replace(const std::vector<NameRecords>&) = 0;
};

/// For tests and the simulation.
class MemoryDns : public Dns {
 public:
  bool replace(const std::vector<NameRecords>& names) override {
    if (failing) return false;
    ++changes;
    for (const auto& [fqdn, records] : names) {
      if (records == Records{})
        zone.erase(fqdn);
      else
        zone[fqdn] = records;
    }
    return true;
  }

  std::map<std::string, Records> zone;  ///< fqdn -> what a resolver would see
  int changes = 0;                      ///< successful calls
  bool failing = false;
};

}  // namespace refcloud
