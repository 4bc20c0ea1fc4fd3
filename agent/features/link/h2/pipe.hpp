// Bytes on their way, in one direction: written at one end, read at the other, in place (a ring). Holds
// memory only while it holds bytes; how much it may is its owner's business.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace qcloud::link {

class Pipe {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t held() const { return capacity_; }  // memory, bytes

  // The oldest bytes: all of them, or as many as lie in a row.
  std::span<const char> front() const { return {data_.get() + head_, std::min(size_, capacity_ - head_)}; }
  // `count` may be more than front() has. The memory goes with the last byte.
  void consume(std::size_t count) {
    size_ -= count;
    if (size_ == 0) return release();
    head_ += count;
    if (head_ >= capacity_) head_ -= capacity_;
  }

  // How much more memory `count` further bytes need.
  std::size_t short_of(std::size_t count) const {
    return size_ + count <= capacity_ ? 0 : size_ + count - capacity_;
  }
  void grow(std::size_t extra) {
    auto* bigger = static_cast<char*>(std::realloc(data_.get(), capacity_ + extra));
    if (!bigger) throw std::bad_alloc();
    (void)data_.release();
    data_.reset(bigger);
    if (auto row = capacity_ - head_; size_ > row) {  // it goes on at the beginning: the older part moves up
      std::memmove(bigger + head_ + extra, bigger + head_, row);
      head_ += extra;
    }
    capacity_ += extra;
  }
  // Where the next bytes go, `count` at most; empty only without memory.
  std::span<char> tail(std::size_t count) {
    auto at = head_ + size_;
    if (at >= capacity_) at -= capacity_;
    return {data_.get() + at, std::min({count, capacity_ - size_, capacity_ - at})};
  }
  void commit(std::size_t count) { size_ += count; }
  // short_of(bytes.size()) is 0.
  void append(std::span<const char> bytes) {
    while (!bytes.empty()) {
      auto place = tail(bytes.size());
      std::memcpy(place.data(), bytes.data(), place.size());
      commit(place.size());
      bytes = bytes.subspan(place.size());
    }
  }

  void release() {
    data_.reset();
    capacity_ = head_ = size_ = 0;
  }

 private:
  struct Free {
    void operator()(char* data) const { std::free(data); }
  };
  std::unique_ptr<char, Free> data_;
  std::size_t capacity_ = 0, head_ = 0, size_ = 0;
};

}  // namespace qcloud::link
