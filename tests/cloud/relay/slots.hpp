// Which box is attached by which connections.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/cloud/relay/session.hpp"

namespace refrelay {

using SessionPtr = std::shared_ptr<Session>;

class Slots {
 public:
  /// A box keeps two connections, if need be both to one relay; those that it replaced may finish what they
  /// carry.
  static constexpr std::size_t of_a_box = 2, of_a_box_with_ending = 6;
  /// Visits that say little share one connection up to this number: what they say at one moment then costs
  /// one packet and one TLS record, not one of each connection. Those that carry much, which others would
  /// wait behind, are kept apart.
  static constexpr std::size_t together = 32;

  /// A new one. Returns the older ones: the box may have left them behind, dead, so each is set aside until
  /// it gives a sign of life.
  std::vector<SessionPtr> take(const SessionPtr& session);
  void free(const SessionPtr& session);
  /// The oldest, if the box has more than it may; null: it has not.
  SessionPtr surplus(const std::string& id) const;
  /// The one for the next visit, and not `but`: of those that are not set aside, the one with the fewest
  /// large streams, then the one that is not crowded, then the oldest. Null: none.
  SessionPtr best(const std::string& id, const Session* but = nullptr) const;
  bool holds(const std::string& id) const { return of_.contains(id); }
  std::vector<SessionPtr> of(const std::string& id) const;
  std::vector<SessionPtr> all() const;

 private:
  std::map<std::string, std::vector<SessionPtr>> of_;  // oldest first
};

}  // namespace refrelay
