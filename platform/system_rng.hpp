// The kernel's randomness: getrandom(2), or /dev/urandom on kernels before 3.17 (NAS boxes run 3.2).
#pragma once

#include "agent/core/rng.hpp"

namespace qcloud {

class SystemRng final : public Rng {
 public:
  // Cannot fail: without randomness there are no keys and no point in going on, so it aborts.
  void fill(std::span<unsigned char> out) override;
};

// The two sources by themselves, for tests. False where the source is not there.
bool fill_from_syscall(std::span<unsigned char> out);
bool fill_from_device(std::span<unsigned char> out);

}  // namespace qcloud
