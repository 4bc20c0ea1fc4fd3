// Between the kernel's word and the Fact. A DHCP client that renews, a switch that restarts, a router that
// announces anew: the same address is deleted and comes back a moment later. That is no news.
// Pure: no kernel, no clock.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "agent/core/clock.hpp"
#include "platform/platform.hpp"

namespace qcloud {

// What comes is said at once. What goes, in either address family, is held back for `patience`: it is
// said then, or as soon as something else of that family has come instead (the provider's new address);
// at once if that had come within the last `patience` and still is there. A temporary IPv6 address is
// nothing else: those come and go by themselves. Where another interface, there before, leads out instead,
// packets take that way already: that is said after `takeover`.
class Settle {
 public:
  // Longer than duplicate address detection takes (2 s), so that an IPv6 address may come back.
  static constexpr Millis patience = seconds(5), takeover = seconds(1);

  // What to say now, when the last word was `said` and the kernel says `seen`.
  NetState next(const NetState& said, NetState seen, Instant now);

  // When to ask the kernel again although it did not call; nothing while nothing is held back.
  std::optional<Instant> due() const;

 private:
  struct Memory {
    std::optional<Instant> since;    // the first loss that is held back
    Millis patience{0};              // for so long
    std::vector<LocalAddress> came;  // what came last
    Instant at;                      // and when
  };
  std::array<Memory, 2> memory_;  // IPv4, IPv6
};

}  // namespace qcloud
