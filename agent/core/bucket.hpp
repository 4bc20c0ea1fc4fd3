// So many at once, in a row one each `price`: for what others can cause as often as they like. Pure.
#pragma once

#include <algorithm>

#include "agent/core/clock.hpp"

namespace qcloud {

class Bucket {
 public:
  Bucket(Millis price, int at_once) : price_(price), credit_(price * (at_once - 1)) {}

  // When the next one may be; in the past: now.
  Instant ready() const { return paid_ - credit_; }
  void take(Instant now) { paid_ = std::max(paid_, now) + price_; }

 private:
  Millis price_, credit_;
  Instant paid_{};  // until when those that were taken are paid for
};

}  // namespace qcloud
