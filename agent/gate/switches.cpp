#include "agent/gate/switches.hpp"

#include <algorithm>

namespace qcloud {

Switches::Switches(Db& db, std::vector<const Manifest*> manifests)
    : db_(db), manifests_(std::move(manifests)) {
  refresh();
}

const Manifest* Switches::find(std::string_view feature) const {
  auto at = std::find_if(manifests_.begin(), manifests_.end(),
                         [&](const Manifest* m) { return m->name == feature; });
  return at == manifests_.end() ? nullptr : *at;
}

bool Switches::on(std::string_view feature) const {
  auto at = states.get().find(feature);
  return at != states.get().end() && at->second.on;
}

bool Switches::holds(std::string_view feature) const {
  auto at = states.get().find(feature);
  return at != states.get().end() && at->second.holds;
}

bool Switches::any_on() const {
  return std::any_of(states.get().begin(), states.get().end(), [](const auto& s) { return s.second.on; });
}

// `changed` never stays: it tells one decision from the next (kept_off_), two in one second as well.
Status Switches::write(std::string_view feature, bool on, WallTime when) {
  return db_.run(
      "INSERT INTO switches(feature,is_on,changed) VALUES(?1,?2,?3) "
      "ON CONFLICT(feature) DO UPDATE SET is_on=?2, changed=max(?3, changed+1)",
      {feature, on, unix_seconds(when)});
}

void Switches::keep_off(std::string_view feature) {
  std::string name(feature);
  kept_off_[name] = changed_[name];
  refresh();
}

Status Switches::mark_holds(std::string_view feature, bool holds, WallTime when) {
  return db_.run(
      "INSERT INTO switches(feature,is_on,changed,holds) VALUES(?1,0,?3,?2) "
      "ON CONFLICT(feature) DO UPDATE SET holds=?2",
      {feature, holds, unix_seconds(when)});
}

Status Switches::remember_for_online() { return db_.run("UPDATE switches SET resume=is_on"); }
Status Switches::forget_for_online() { return db_.run("UPDATE switches SET resume=0"); }

std::vector<std::string> Switches::remembered() {
  std::vector<std::string> names;
  for (const auto& [name, state] : states.get())
    if (state.resume) names.push_back(name);
  return names;
}

void Switches::refresh() {
  States next;
  for (const Manifest* manifest : manifests_)
    if (manifest->has_switch) next[std::string(manifest->name)].on = manifest->default_on;
  Changes rows;
  auto status = db_.run("SELECT feature,is_on,holds,resume,changed FROM switches", {}, [&](const Row& row) {
    auto at = next.find(row.text(0));
    if (at == next.end()) return;
    at->second.on = row.number(1) != 0;
    at->second.holds = row.number(2) != 0;
    at->second.resume = row.number(3) != 0;
    rows[at->first] = row.number(4);
  });
  if (status) {
    changed_ = std::move(rows);
    std::erase_if(kept_off_, [&](const auto& kept) { return changed_[kept.first] != kept.second; });
  } else {
    next = states.get();
  }
  for (const auto& [name, changed] : kept_off_)
    if (auto at = next.find(name); at != next.end()) at->second.on = false;
  states.set(std::move(next));
}

}  // namespace qcloud
