// Randomness as an argument. Private keys are made by OpenSSL's own generator; everything else the
// cloud draws (codes, tokens, ids, serial numbers) comes from here, so that the simulation can repeat a run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace refcloud {

class Rng {
 public:
  virtual ~Rng() = default;
  /// `count` random bytes.
  virtual std::string bytes(std::size_t count) = 0;
};

/// SHA-256 over (seed, counter). Repeatable, hence only for tests and the simulation.
class SeededRng : public Rng {
 public:
  explicit SeededRng(std::uint64_t seed) : seed_(seed) {}
  std::string bytes(std::size_t count) override;

 private:
  std::uint64_t seed_;
  std::uint64_t counter_ = 0;
};

/// Version 4 UUID (RFC 9562).
std::string random_uuid(Rng&);
/// 256 bits, base64url.
std::string random_token(Rng&);
/// `count` characters drawn evenly from `alphabet`.
std::string random_letters(Rng&, std::string_view alphabet, std::size_t count);

}  // namespace refcloud
