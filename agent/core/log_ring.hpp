// The newest lines of the log, in memory, for a support bundle: nothing is written for it, nothing
// outlives the process. Lines come from the log's sink, so they are anonymized already (promise A8).
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace qcloud {

class LogRing {
 public:
  // At most so many lines, and so many bytes of them.
  explicit LogRing(std::size_t lines = 200, std::size_t bytes = 32 * 1024)
      : max_lines_(lines), max_bytes_(bytes) {}

  void add(std::string_view line) {
    lines_.emplace_back(line.substr(0, longest));
    bytes_ += lines_.back().size();
    while (!lines_.empty() && (lines_.size() > max_lines_ || bytes_ > max_bytes_)) {
      bytes_ -= lines_.front().size();
      lines_.pop_front();
    }
  }
  // The oldest first.
  std::vector<std::string> lines() const { return {lines_.begin(), lines_.end()}; }

 private:
  static constexpr std::size_t longest = 1024;
  std::size_t max_lines_, max_bytes_, bytes_ = 0;
  std::deque<std::string> lines_;
};

}  // namespace qcloud
