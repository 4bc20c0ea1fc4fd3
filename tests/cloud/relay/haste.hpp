/// Who comes and leaves by a reset, again and again, is led to no box for a while. Pure.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "tests/cloud/relay/session.hpp"

namespace refrelay {

/// A reset costs a box more than it costs the visitor, and a box that hears too many of them lets nobody in
/// (docs/link-protocol.md). So they are counted for each source: 1,000, and 100 more a second.
class Haste {
 public:
  static constexpr int most = 1'000, a_second = 100;
  static constexpr std::size_t most_sources = 10'000;

  std::size_t sources() const { return all_.size(); }
  /// A visitor of this source is gone without an end.
  void left(const std::string& source, Instant now) {
    if (all_.size() >= most_sources)
      std::erase_if(all_, [&](const auto& entry) { return owed(entry.second, now) <= 0; });
    if (all_.size() >= most_sources) all_.clear();
    auto& resets = all_[source];
    resets = {owed(resets, now) + 1, now};
  }
  bool waits(const std::string& source, Instant now) const {
    auto at = all_.find(source);
    return at != all_.end() && owed(at->second, now) >= most;
  }

 private:
  struct Resets {
    double count = 0;
    Instant at{};
  };
  static double owed(const Resets& resets, Instant now) {
    return std::max(0.0, resets.count - a_second * std::chrono::duration<double>(now - resets.at).count());
  }
  std::map<std::string, Resets> all_;
};

}  // namespace refrelay
