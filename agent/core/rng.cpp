#include "agent/core/rng.hpp"

#include <array>
#include <cstdio>
#include <cstring>

namespace qcloud {

std::uint64_t Rng::word() {
  std::array<unsigned char, 8> bytes;
  fill(bytes);
  std::uint64_t value;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  // Values of the incomplete last run are drawn again, so that none is likelier than another.
  std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t value = word();
  while (value >= limit) value = word();
  return value % bound;
}

Millis Rng::between(Millis low, Millis high) {
  return low + Millis(below(static_cast<std::uint64_t>((high - low).count()) + 1));
}

std::string Rng::uuid() {
  std::array<unsigned char, 16> b;
  fill(b);
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  std::array<char, 40> out{};
  std::snprintf(out.data(), out.size(),
                "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
                b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
  return out.data();
}

}  // namespace qcloud
