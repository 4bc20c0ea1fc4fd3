// Bytes on their way, in one direction: written at one end, read at the other, in place. Holds memory
// only while it holds bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

namespace qcloud::link {

class Pipe {
 public:
  // `limit`: the most it ever holds, bytes.
  explicit Pipe(std::size_t limit) : limit_(limit) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t held() const { return capacity_; }  // memory, bytes
  std::size_t limit() const { return limit_; }
  void set_limit(std::size_t limit) { limit_ = std::max(limit, size_); }

  std::span<const char> front() const { return {data_.get() + head_, size_}; }
  void consume(std::size_t count) {
    head_ += count;
    size_ -= count;
    if (size_ == 0) release();
  }

  // Where the next bytes go: `wish` of them, or as many as the limit leaves; may be empty.
  std::span<char> room(std::size_t wish) {
    wish = std::min(wish, limit_ - std::min(limit_, size_));
    if (head_ + size_ + wish > capacity_) make_room(wish);
    return {data_.get() + head_ + size_, wish};
  }
  void commit(std::size_t count) { size_ += count; }

  // All of it, or nothing: false when the limit is too small.
  bool append(std::span<const char> bytes) {
    auto place = room(bytes.size());
    if (place.size() < bytes.size()) return false;
    std::memcpy(place.data(), bytes.data(), bytes.size());
    commit(bytes.size());
    return true;
  }
  void release() {
    data_.reset();
    capacity_ = head_ = size_ = 0;
  }

 private:
  static constexpr std::size_t smallest = 16 * 1024;

  void make_room(std::size_t wish) {
    if (size_ + wish <= capacity_) {
      std::memmove(data_.get(), data_.get() + head_, size_);
      head_ = 0;
      return;
    }
    auto capacity = std::max({smallest, size_ + wish, std::min(limit_, capacity_ * 2)});
    std::unique_ptr<char[]> bigger(new char[capacity]);
    if (size_ > 0) std::memcpy(bigger.get(), data_.get() + head_, size_);
    data_ = std::move(bigger);
    capacity_ = capacity;
    head_ = 0;
  }

  std::unique_ptr<char[]> data_;
  std::size_t limit_, capacity_ = 0, head_ = 0, size_ = 0;
};

}  // namespace qcloud::link
