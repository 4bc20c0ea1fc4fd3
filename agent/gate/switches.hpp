// The owner's switches. They live in the state only, never in the configuration file; what the
// owner saw confirmed survives power loss.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/core/clock.hpp"
#include "agent/core/fact.hpp"
#include "agent/gate/manifest.hpp"
#include "agent/store/db.hpp"

namespace qcloud {

class Switches {
 public:
  // `manifests`: the features of this agent; those without a switch are never listed as on.
  Switches(Db& db, std::vector<const Manifest*> manifests);

  bool on(std::string_view feature) const;
  bool any_on() const;
  // The cloud keeps something of this feature that an erasure order must name.
  bool holds(std::string_view feature) const;
  const std::vector<const Manifest*>& manifests() const { return manifests_; }
  const Manifest* find(std::string_view feature) const;

  // Writes only; part of the caller's transaction. refresh() after the commit makes it true.
  Status write(std::string_view feature, bool on, WallTime when);
  // Off, although that could not be written: until the agent starts again, or something else was.
  void keep_off(std::string_view feature);
  bool unwritten(std::string_view feature) const { return kept_off_.contains(feature); }
  Status mark_holds(std::string_view feature, bool holds, WallTime when);
  // `offline` remembers what was on, `online` asks for it again.
  Status remember_for_online();
  Status forget_for_online();
  std::vector<std::string> remembered();
  void refresh();

  struct State {
    bool on = false;
    bool holds = false;
    bool resume = false;
    bool operator==(const State&) const = default;
  };
  using States = std::map<std::string, State, std::less<>>;
  Fact<States> states;

 private:
  Db& db_;
  std::vector<const Manifest*> manifests_;
  using Changes = std::map<std::string, std::int64_t, std::less<>>;
  Changes changed_;   // when each row was decided
  Changes kept_off_;  // with `changed` of the row that stayed
};

}  // namespace qcloud
