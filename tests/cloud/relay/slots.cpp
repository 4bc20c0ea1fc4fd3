#include "tests/cloud/relay/slots.hpp"

#include <algorithm>
#include <tuple>

namespace refrelay {

std::vector<SessionPtr> Slots::take(const SessionPtr& session) {
  auto& there = of_[session->id()];
  auto older = there;
  for (auto& one : older) one->set_aside();
  there.push_back(session);
  return older;
}

void Slots::free(const SessionPtr& session) {
  auto at = of_.find(session->id());
  if (at == of_.end()) return;
  std::erase(at->second, session);
  if (at->second.empty()) of_.erase(at);
}

SessionPtr Slots::surplus(const std::string& id) const {
  auto there = of(id);
  if (there.size() > of_a_box_with_ending) return there.front();
  std::erase_if(there, [](const SessionPtr& one) { return one->leaving(); });
  return there.size() > of_a_box ? there.front() : nullptr;
}

SessionPtr Slots::best(const std::string& id, const Session* but) const {
  SessionPtr found;
  for (const auto& one : of(id)) {
    if (!one->usable() || one.get() == but) continue;
    // One that has not said its SETTINGS yet may be asked (RFC 9113 3.4), rather than one that may be dead.
    auto worth = [](const Session& s) {
      return std::tuple(s.aside(), !s.greeted(), s.large_streams(), s.streams() / together);
    };
    if (!found || worth(*one) < worth(*found)) found = one;
  }
  return found;
}

std::vector<SessionPtr> Slots::of(const std::string& id) const {
  auto at = of_.find(id);
  return at == of_.end() ? std::vector<SessionPtr>{} : at->second;
}

std::vector<SessionPtr> Slots::all() const {
  std::vector<SessionPtr> out;
  for (const auto& [id, there] : of_) out.insert(out.end(), there.begin(), there.end());
  return out;
}

}  // namespace refrelay
