// Boxes that are not set up yet: a key that nobody vouches for, and a name that only this key can claim.
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>

namespace refrelay {

using Instant = std::chrono::steady_clock::time_point;

/// The name: base32 (RFC 4648 6, lower case, no padding) of a SHA-256 digest; 52 letters, so one DNS label.
std::string rendezvous_id(std::span<const unsigned char, 32> digest_of_key);

/// Who may wait for its set-up, and for how long.
class Rendezvous {
 public:
  static constexpr std::chrono::hours a_day{24};
  static constexpr std::size_t most_of_one_source = 32, most = 10'000;

  explicit Rendezvous(std::chrono::seconds lifetime = a_day) : lifetime_(lifetime) {}
  /// True when the box of this id may attach. `source`: an IPv4 address, or an IPv6 network of 64 bits. An id
  /// counts for its first source until it is forgotten, attached or not; and it is not forgotten at its
  /// end, but a lifetime later, so that coming back does not prolong it.
  bool admit(const std::string& id, const std::string& source, Instant now);
  /// When the id's time is over; it was admitted before.
  Instant end_of(const std::string& id) const { return known_.at(id).first_seen + lifetime_; }

 private:
  struct Known {
    Instant first_seen;
    std::string source;
  };
  void forget(Instant now);
  const std::chrono::seconds lifetime_;
  std::map<std::string, Known> known_;
  std::map<std::string, std::size_t> of_source_;
};

}  // namespace refrelay
