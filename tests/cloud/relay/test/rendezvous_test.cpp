#include "tests/cloud/relay/rendezvous.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace refrelay;
using namespace std::chrono_literals;

TEST_CASE("the id is base32 of the digest: 52 letters of one label, and of nobody else's key") {
  std::array<unsigned char, 32> digest{};
  CHECK(rendezvous_id(digest) == std::string(52, 'a'));
  digest.fill(0xff);
  CHECK(rendezvous_id(digest) == std::string(51, '7') + "q");
  // The first letters of RFC 4648, 10: "foobar" is MZXW6YTBOI.
  for (std::size_t i = 0; i < 6; ++i) digest[i] = static_cast<unsigned char>("foobar"[i]);
  CHECK(rendezvous_id(digest).starts_with("mzxw6ytbo"));
  auto other = digest;
  other[31] ^= 1;
  CHECK(rendezvous_id(other) != rendezvous_id(digest));
}

TEST_CASE("a box that is not set up has one day, and coming back does not prolong it") {
  Rendezvous all;
  Instant start{1000h};
  CHECK(all.admit("a", "5.6.7.8", start));
  CHECK(all.end_of("a") == start + 24h);
  CHECK(all.admit("a", "5.6.7.9", start + 23h));
  CHECK(all.end_of("a") == start + 24h);
  CHECK_FALSE(all.admit("a", "5.6.7.8", start + 24h));
  CHECK_FALSE(all.admit("a", "5.6.7.8", start + 47h));
  CHECK(all.admit("a", "5.6.7.8", start + 48h));  // forgotten
}

TEST_CASE("one source has so many ids, others theirs; all together are bounded") {
  Rendezvous all;
  Instant now{1000h};
  for (std::size_t i = 0; i < Rendezvous::most_of_one_source; ++i)
    CHECK(all.admit("a" + std::to_string(i), "5.6.7.8", now));
  CHECK_FALSE(all.admit("b", "5.6.7.8", now));
  CHECK(all.admit("a0", "5.6.7.8", now));
  CHECK(all.admit("b", "5.6.7.9", now));
  std::size_t admitted = 0;
  for (std::size_t i = 0; i < Rendezvous::most + 100; ++i)
    admitted += all.admit("c" + std::to_string(i), "source " + std::to_string(i), now);
  CHECK(admitted == Rendezvous::most - Rendezvous::most_of_one_source - 1);
  CHECK(all.admit("d", "5.6.7.8", now + 48h));  // everything is forgotten
}
