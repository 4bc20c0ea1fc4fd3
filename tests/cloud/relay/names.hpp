/// Which box a name led to when the cloud was asked last: what counts while the cloud does not answer, until
/// it is heard that something of that box has changed. Pure.
#pragma once

#include <map>
#include <string>

#include "tests/cloud/relay/session.hpp"

namespace refrelay {

class Names {
 public:
  static constexpr std::size_t most = 10'000;
  static constexpr std::chrono::seconds longest_question{60};  ///< none is answered later than that

  std::size_t size() const { return boxes_.size(); }
  /// Empty: unknown.
  std::string box_of(const std::string& host) const {
    auto at = boxes_.find(host);
    return at == boxes_.end() ? "" : at->second;
  }
  /// The cloud's answer to a question of `asked`; an empty `box` is nobody. False: something of that box has
  /// changed since, and the answer may be of before: ask again.
  bool learn(const std::string& host, const std::string& box, Instant asked) {
    auto changed = changed_.find(box);
    if (changed != changed_.end() && changed->second >= asked) return false;
    boxes_.erase(host);
    if (boxes_.size() >= most) boxes_.clear();
    if (!box.empty()) boxes_[host] = box;
    return true;
  }
  /// Its names lead nowhere until the cloud is asked again.
  void doubt(const std::string& box, Instant now) {
    std::erase_if(changed_, [&](const auto& entry) { return now - entry.second > longest_question; });
    changed_[box] = now;
    std::erase_if(boxes_, [&](const auto& entry) { return entry.second == box; });
  }

 private:
  std::map<std::string, std::string> boxes_;
  std::map<std::string, Instant> changed_;
};

}  // namespace refrelay
