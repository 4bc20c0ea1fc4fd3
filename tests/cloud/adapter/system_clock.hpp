// The one place of refcloud that asks the system for the time.
#pragma once

#include "tests/cloud/clock.hpp"

namespace refcloud {

/// The system's clock plus what the operator's /clock added.
class SystemClock : public Clock {
 public:
  Seconds now() const override;
  void advance(Seconds by) override { offset_ += by; }

 private:
  Seconds offset_ = 0;
};

}  // namespace refcloud
