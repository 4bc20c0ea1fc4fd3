#include "tests/cloud/rng.hpp"

#include "tests/cloud/encoding.hpp"

namespace refcloud {

std::string SeededRng::bytes(std::size_t count) {
  std::string out;
  while (out.size() < count) out += sha256(std::to_string(seed_) + '/' + std::to_string(counter_++));
  out.resize(count);
  return out;
}

std::string random_uuid(Rng& rng) {
  auto raw = rng.bytes(16);
  raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
  const auto text = hex(raw);
  return text.substr(0, 8) + '-' + text.substr(8, 4) + '-' + text.substr(12, 4) + '-' + text.substr(16, 4) +
         '-' + text.substr(20);
}

std::string random_token(Rng& rng) { return base64url(rng.bytes(32)); }

std::string random_letters(Rng& rng, std::string_view alphabet, std::size_t count) {
  // Bytes at or above the largest multiple of the alphabet's size are thrown away: every letter is equally
  // likely.
  const auto limit = 256 - 256 % alphabet.size();
  std::string out;
  while (out.size() < count) {
    const auto raw = rng.bytes(count);
    for (const char c : raw) {
      const auto value = static_cast<unsigned char>(c);
      if (value < limit && out.size() < count) out += alphabet[value % alphabet.size()];
    }
  }
  return out;
}

}  // namespace refcloud
