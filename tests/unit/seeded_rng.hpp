// Randomness that is the same in every run.
#pragma once

#include <random>

#include "agent/core/rng.hpp"

namespace unit {

class SeededRng final : public qcloud::Rng {
 public:
  explicit SeededRng(std::uint64_t seed = 1) : engine_(seed) {}
  void fill(std::span<unsigned char> out) override {
    for (auto& byte : out) byte = static_cast<unsigned char>(engine_());
  }
  template <class C>
  const auto& pick(const C& from) {
    return from[below(std::size(from))];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace unit
