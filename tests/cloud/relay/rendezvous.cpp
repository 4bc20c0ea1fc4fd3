#include "tests/cloud/relay/rendezvous.hpp"

namespace refrelay {

std::string rendezvous_id(std::span<const unsigned char, 32> digest) {
  std::string out;
  unsigned held = 0;
  int bits = 0;
  auto letter = [&](unsigned value) { out += "abcdefghijklmnopqrstuvwxyz234567"[value & 31]; };
  for (unsigned char byte : digest) {
    held = (held << 8 | byte) & 0xfff;  // at most 4 bits wait for the next byte
    for (bits += 8; bits >= 5; bits -= 5) letter(held >> (bits - 5));
  }
  letter(held << (5 - bits));
  return out;
}

bool Rendezvous::admit(const std::string& id, const std::string& source, Instant now) {
  forget(now);
  if (auto at = known_.find(id); at != known_.end()) return now < at->second.first_seen + lifetime_;
  if (known_.size() >= most) return false;
  auto& count = of_source_[source];
  if (count >= most_of_one_source) return false;
  ++count;
  known_[id] = {now, source};
  return true;
}

void Rendezvous::forget(Instant now) {
  for (auto at = known_.begin(); at != known_.end();) {
    if (now < at->second.first_seen + 2 * lifetime_) {
      ++at;
      continue;
    }
    auto count = of_source_.find(at->second.source);
    if (--count->second == 0) of_source_.erase(count);
    at = known_.erase(at);
  }
}

}  // namespace refrelay
