// Bytes between a visit and a service on this box, both ways, as they are.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "agent/core/clock.hpp"
#include "agent/features/link/h2/visit.hpp"
#include "agent/gate/local_dial.hpp"

namespace qcloud::link {

// How much to ask a service for: little at first, more while it gives all that was asked for. So a
// thousand small answers do not take the memory of a thousand large ones.
class Appetite {
 public:
  std::size_t wish() const { return wish_; }
  void fed(std::size_t got, std::size_t place) {
    if (got == place)
      wish_ = std::min(most, wish_ * 4);
    else if (got < wish_ / 4)
      wish_ = std::max(least, wish_ / 2);
  }

 private:
  static constexpr std::size_t least = 4 * 1024, most = 64 * 1024;
  std::size_t wish_ = least;
};

// Waits until the service takes more. False: it is gone, or has taken nothing for ten minutes.
Task<bool> takes_more(LocalStream* service, Clock* clock);
// All of it to the service; false as above.
Task<bool> hand_over(LocalStream* service, Clock* clock, std::string bytes);

// Both directions, until both have ended in order: true. False as soon as one fails or the visitor is lost.
Task<bool> both_ways(Visit* visit, Task<bool> in, Task<bool> out);

Task<bool> carry_through(Visit* visit, LocalStream* service, Clock* clock);

}  // namespace qcloud::link
