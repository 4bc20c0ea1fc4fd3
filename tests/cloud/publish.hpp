// Keeps public DNS equal to what the store says.
//
// A change of the store and the change of DNS that follows from it cannot be one transaction. So a name is
// first marked dirty, durably; then the store changes and DNS is told; the mark goes when both agree.
// Whatever happens in between, tick() finds the mark and derives the records anew.
#pragma once

#include <functional>
#include <vector>

#include "tests/cloud/state.hpp"

namespace refcloud {

enum class IfDnsFails {
  refuse,  ///< undo the change, throw 503 "dns-unavailable"
  keep,    ///< what must happen now happens now; tick() tells DNS later
};

/// Runs `change` in a transaction and publishes what the names `fqdns` then have.
void publish(State&, const std::vector<std::string>& fqdns, IfDnsFails, const std::function<void()>& change);

/// The records of a name by the store as it is now.
Records records_of(State&, const std::string& fqdn);

/// The addresses of the relays to which the box of this name is attached; for any audience.
Records relay_of(State&, const std::string& fqdn);

/// The public name of a device, without the zone.
std::optional<std::string> name_of(State&, const std::string& device_id);

/// {"fqdn":..., "published":{"a":[...],"aaaa":[...]}, "reported":{"ipv4":..., "ipv6":...}} as several answers
/// carry it.
void add_published(State&, const std::string& device_id, json::object&);

/// Publishes all dirty names again, a few at a time; stops at the first that DNS refuses.
void publish_dirty(State&);

}  // namespace refcloud
