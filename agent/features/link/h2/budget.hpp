// The memory of the link: one for all of its connections, so that neither slow services nor slow visitors
// nor a relay that sends and sends can make it more. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>

namespace qcloud::link {

// Bytes are held (memory that is there) or promised (window that a relay has and may use at any moment).
// Both together are never more than the total. What one visit may hold is a share of what is free, so
// however many are slow, something is left for the next one (dynamic thresholds, Choudhury and Hahne, 1998).
class Budget {
 public:
  explicit Budget(std::size_t bytes = 32 * 1024 * 1024) : total_(bytes) {}

  std::size_t held() const { return held_; }
  std::size_t most_held() const { return most_held_; }
  std::size_t free() const { return total_ - std::min(total_, held_ + promised_); }
  // What one visit may hold toward its visitor.
  std::size_t share() const { return free() / 128; }
  // No room for new visits; and room again, a little later than that.
  bool crowded() const { return free() < total_ / 64; }
  bool roomy() const { return free() >= roomy_at(); }
  std::size_t roomy_at() const { return total_ / 16; }

  // False: there is no room, and nothing has changed.
  bool hold(std::size_t bytes) {
    if (bytes > free()) return false;
    held_ += bytes;
    most_held_ = std::max(most_held_, held_);
    return true;
  }
  void release(std::size_t bytes) {
    held_ -= bytes;
    tell();
  }
  // Whoever promises looks at free() before.
  void promise(std::size_t bytes) { promised_ += bytes; }
  // It came (and is held next), or the connection is over.
  void redeem(std::size_t bytes) {
    promised_ -= bytes;
    tell();
  }

  // Whoever watches is told, once, when so much is free.
  void want(std::size_t free_bytes) { wanted_ = std::min(wanted_, free_bytes); }
  void watch(const void* who, std::function<void()> told) { watchers_[who] = std::move(told); }
  void forget(const void* who) { watchers_.erase(who); }

 private:
  static constexpr std::size_t nothing = std::numeric_limits<std::size_t>::max();

  void tell() {
    if (free() < wanted_) return;
    wanted_ = nothing;
    for (auto& [who, told] : watchers_) told();
  }

  std::size_t total_, held_ = 0, promised_ = 0, most_held_ = 0, wanted_ = nothing;
  std::map<const void*, std::function<void()>> watchers_;
};

}  // namespace qcloud::link
