// Bytes on their way, in one direction: written at one end, read at the other, in place. Holds memory only
// while it holds bytes; how much it may is its owner's business.
#pragma once

#include <cstring>
#include <utility>

#include "agent/core/rows.hpp"
#include "agent/features/link/h2/budget.hpp"

namespace qcloud::link {

class Pipe {
 public:
  explicit Pipe(Budget& budget) : budget_(budget) {}
  ~Pipe() { clear(); }
  Pipe(const Pipe&) = delete;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t held() const { return blocks_ * sizeof(Block); }  // memory, bytes

  // The oldest bytes, `most` of them or as many as Rows have.
  Rows<const char> front(std::size_t most) const {
    Rows<const char> out;
    for (auto* block = first_; block && out.bytes() < most && !out.full(); block = block->next)
      out.add({block->bytes + block->begin,
               std::min<std::size_t>(block->end - block->begin, most - out.bytes())});
    return out;
  }
  // `count`: size() at most. The memory goes with its last byte.
  void consume(std::size_t count) {
    size_ -= count;
    while (first_) {
      auto here = std::min<std::size_t>(count, first_->end - first_->begin);
      first_->begin += static_cast<std::uint32_t>(here);
      count -= here;
      if (first_->begin < first_->end) return;
      give(first_);
    }
    last_ = nullptr;
  }

  // Where the next bytes go, `wish` of them or as many as there is memory for; until commit().
  Rows<char> room(std::size_t wish) {
    Rows<char> out;
    auto add = [&](Block& block) {
      out.add({block.bytes + block.end, std::min<std::size_t>(Block::room - block.end, wish - out.bytes())});
    };
    if (last_) add(*last_);
    auto** next = &spare_;
    while (out.bytes() < wish && !out.full()) {
      if (!*next) *next = take(false);
      if (!*next) break;
      add(**next);
      next = &(*next)->next;
    }
    return out;
  }
  // So many bytes are there now, in the order of the rows.
  void commit(std::size_t count) {
    size_ += count;
    while (count > 0) {
      if (!last_ || last_->end == Block::room) append(std::exchange(spare_, spare_->next));
      auto here = std::min<std::size_t>(count, Block::room - last_->end);
      last_->end += static_cast<std::uint32_t>(here);
      count -= here;
    }
    while (spare_) give(spare_);
  }

  // Bytes that were promised: there is memory for them.
  void append(std::span<const char> bytes) {
    size_ += bytes.size();
    while (!bytes.empty()) {
      if (!last_ || last_->end == Block::room) append(take(true));
      auto here = std::min<std::size_t>(bytes.size(), Block::room - last_->end);
      std::memcpy(last_->bytes + last_->end, bytes.data(), here);
      last_->end += static_cast<std::uint32_t>(here);
      bytes = bytes.subspan(here);
    }
  }

  void clear() {
    while (first_) give(first_);
    while (spare_) give(spare_);
    last_ = nullptr;
    size_ = 0;
  }

 private:
  Block* take(bool promised) {
    auto* block = budget_.take(promised);
    if (block) ++blocks_;
    return block;
  }
  // The first of this chain goes back.
  void give(Block*& chain) {
    --blocks_;
    budget_.give(std::exchange(chain, chain->next));
  }
  void append(Block* block) {
    block->next = nullptr;
    (last_ ? last_->next : first_) = block;
    last_ = block;
  }

  Budget& budget_;
  Block *first_ = nullptr, *last_ = nullptr;
  Block* spare_ = nullptr;  // of room(), until commit()
  std::size_t size_ = 0, blocks_ = 0;
};

}  // namespace qcloud::link
