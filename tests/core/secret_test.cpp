#include <doctest/doctest.h>

#include <new>
#include <ostream>
#include <sstream>
#include <string>

#include "agent/core/log.hpp"
#include "agent/core/secret.hpp"

using namespace qcloud;

namespace {

template <class Stream, class T>
concept Printable = requires(Stream& stream, const T& value) { stream << value; };
static_assert(Printable<std::ostream, std::string>);
static_assert(!Printable<std::ostream, Secret>, "a secret cannot be printed");
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);
template <class T>
concept Comparable = requires(const T& a, const T& b) { a == b; };
static_assert(!Comparable<Secret>, "no comparison in variable time");

// The bytes of an object itself: short strings live there.
std::string bytes_of(const void* at, size_t size) { return {static_cast<const char*>(at), size}; }

}  // namespace

TEST_CASE("secret: reveals on demand only") {
  Secret secret(std::string("hunter2"));
  CHECK(secret.reveal() == "hunter2");
  CHECK_FALSE(secret.empty());
  CHECK(Secret().empty());
  Secret copy = secret;  // NOLINT(performance-unnecessary-copy-initialization): it is what is tested
  CHECK(copy.reveal() == "hunter2");
}

TEST_CASE("secret: a destroyed one leaves nothing in its memory") {
  alignas(Secret) unsigned char room[sizeof(Secret)] = {};
  auto* secret = new (room) Secret(std::string("hunter2hunter2"));
  REQUIRE(bytes_of(room, sizeof(room)).find("unter2") != std::string::npos);
  secret->~Secret();
  CHECK(bytes_of(room, sizeof(room)).find("unter2") == std::string::npos);
}

TEST_CASE("secret: a moved-from one leaves nothing in its memory") {
  Secret from(std::string("hunter2hunter2"));
  Secret to(std::move(from));
  CHECK(to.reveal() == "hunter2hunter2");
  // NOLINTNEXTLINE(bugprone-use-after-move): what is left there is what is tested
  CHECK(bytes_of(&from, sizeof(from)).find("unter2") == std::string::npos);
  CHECK(from.empty());
}

TEST_CASE("secret: an overwritten one leaves nothing in its memory") {
  Secret secret(std::string("hunter2hunter2"));
  secret = Secret(std::string("x"));
  CHECK(secret.reveal() == "x");
  CHECK(bytes_of(&secret, sizeof(secret)).find("ter2") == std::string::npos);
}

TEST_CASE("A8 log: every line is anonymized before it reaches the sink; below the threshold nothing does") {
  std::vector<std::pair<Level, std::string>> lines;
  Log log(Level::info, [&](Level level, std::string_view line) { lines.emplace_back(level, line); });
  log.debug("unseen");
  log.info("mail of anna@example.org from 5.6.7.8");
  log.warning("serial=Q21AB12345");
  log.error("Authorization: Bearer abc.def");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].second.find("anna") == std::string::npos);
  CHECK(lines[0].second.find("5.6.7.8") == std::string::npos);
  CHECK(lines[0].second.find("5.6.7.x") != std::string::npos);
  CHECK(lines[1].second.find("Q21AB12345") == std::string::npos);
  CHECK(lines[1].first == Level::warning);
  CHECK(lines[2].second.find("abc.def") == std::string::npos);
}
