// A secret cannot be printed, compared in variable time or left behind in freed memory.
#pragma once

#include <string>
#include <string_view>

namespace qcloud {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }
  Secret& operator=(Secret other) noexcept {
    wipe();  // what short strings hold would stay behind in a swap
    value_ = std::move(other.value_);
    return *this;
  }
  ~Secret() { wipe(); }

  bool empty() const { return value_.empty(); }
  // The word to look for in review: each call is a place where the secret leaves the type.
  std::string_view reveal() const { return value_; }

  template <class Stream>
  friend Stream& operator<<(Stream&, const Secret&) = delete;

 private:
  void wipe() {
    value_.resize(value_.capacity());  // a short string that was moved from still holds its bytes
    volatile char* at = value_.data();
    for (size_t i = 0; i < value_.size(); ++i) at[i] = 0;
    value_.clear();
  }
  std::string value_;
};

}  // namespace qcloud
