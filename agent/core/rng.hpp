// Randomness is an argument. Two implementations: platform/system_rng (the kernel's), tests/sim (seeded).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "agent/core/clock.hpp"

namespace qcloud {

class Rng {
 public:
  virtual ~Rng() = default;
  virtual void fill(std::span<unsigned char> out) = 0;

  std::uint64_t word();
  // Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [low, high].
  Millis between(Millis low, Millis high);
  // RFC 9562 version 4, lower case.
  std::string uuid();
};

}  // namespace qcloud
