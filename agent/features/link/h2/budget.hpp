// The memory of the link: one for all of its connections, so that neither slow services nor slow visitors
// nor a relay that sends and sends can make it more. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>

namespace qcloud::link {

// Bytes wait in blocks of one size: memory that has just been given back, and is in the processor's cache
// still, is what the next byte is put into.
struct Block {
  static constexpr std::size_t room = 4064;  // bytes; a block is a page less what the allocator adds to it
  Block* next = nullptr;
  std::uint32_t begin = 0, end = 0;  // of what is in it
  char bytes[room];
};

// Bytes are held (memory that is there) or promised (window that a relay has and may use at any moment).
// Both together are never more than the total, but for the rest of a visit's last block, which its cost
// covers. What one visit may hold is a share of what is free, so however many are slow, something is left for
// the next one (dynamic thresholds, Choudhury and Hahne, 1998).
class Budget {
 public:
  explicit Budget(std::size_t bytes = 20 * 1024 * 1024) : total_(bytes) {}
  ~Budget() { keep_spare(0); }
  Budget(const Budget&) = delete;

  std::size_t total() const { return total_; }
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
    count(bytes);
    return true;
  }
  void release(std::size_t bytes) {
    held_ -= bytes;
    tell();
  }
  // A block, held. Null: there is no room; there always is for what was promised.
  Block* take(bool promised = false) {
    if (!hold(sizeof(Block))) {
      if (!promised) return nullptr;
      count(sizeof(Block));
    }
    if (!spare_) return new Block;
    --spares_;
    auto* block = spare_;
    spare_ = block->next;
    block->next = nullptr;
    block->begin = block->end = 0;
    return block;
  }
  void give(Block* block) {
    block->next = spare_;
    spare_ = block;
    if (++spares_ > most_spares) keep_spare(most_spares / 2);
    release(sizeof(Block));
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
  static constexpr std::size_t most_spares = 64;  // 256 KiB, beside the total

  void count(std::size_t bytes) {
    held_ += bytes;
    most_held_ = std::max(most_held_, held_);
  }
  void tell() {
    if (free() < wanted_) return;
    wanted_ = nothing;
    for (auto& [who, told] : watchers_) told();
  }
  void keep_spare(std::size_t most) {
    for (; spares_ > most; --spares_) {
      auto* block = spare_;
      spare_ = block->next;
      delete block;
    }
  }

  std::size_t total_, held_ = 0, promised_ = 0, most_held_ = 0, wanted_ = nothing;
  Block* spare_ = nullptr;
  std::size_t spares_ = 0;
  std::map<const void*, std::function<void()>> watchers_;
};

}  // namespace qcloud::link
