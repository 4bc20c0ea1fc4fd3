// GOAWAY of a client, as clients say it. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace qcloud::link {

// The last stream that it names can only be one that the box opened (RFC 9113, 6.8), and the box opens none;
// but Go names one of its own, and others 2^31-1. nghttp2 takes that for the end of everything, visits and
// all. So it reads 0 there, whatever was said.
class Goodbyes {
 public:
  // `preface`: the connection begins with a client's (RFC 9113, 3.4).
  explicit Goodbyes(bool preface) : skip_(preface ? 24 : 0) {}

  // All that comes, in the order in which it comes.
  void tidy(std::span<char> bytes) {
    while (!bytes.empty()) {
      std::size_t step = 1;
      if (blank_ > 0) {
        bytes[0] = 0;
        --blank_;
      } else if (skip_ > 0) {
        step = std::min(skip_, bytes.size());
        skip_ -= step;
      } else {
        step = std::min(head_.size() - have_, bytes.size());
        std::copy_n(bytes.data(), step, head_.data() + have_);
        have_ += step;
        if (have_ == head_.size()) begin();
      }
      bytes = bytes.subspan(step);
    }
  }

 private:
  void begin() {
    constexpr unsigned char goaway = 7;
    have_ = 0;
    skip_ = (std::size_t{head_[0]} << 16) + (std::size_t{head_[1]} << 8) + head_[2];
    if (head_[3] != goaway || skip_ < 8) return;
    blank_ = 4;
    skip_ -= blank_;
  }

  std::size_t skip_, blank_ = 0, have_ = 0;  // bytes
  std::array<unsigned char, 9> head_{};      // of a frame
};

}  // namespace qcloud::link
