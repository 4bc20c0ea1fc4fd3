#include <doctest/doctest.h>

#include "agent/core/clock.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;

TEST_CASE("rfc3339: round trips over four centuries, seconds kept") {
  unit::SeededRng rng(3);
  for (int i = 0; i < 2000; ++i) {
    auto time = from_unix(static_cast<std::int64_t>(rng.below(4102444800)));
    auto text = to_rfc3339(time);
    CAPTURE(text);
    CHECK(text.size() == 20);
    auto back = parse_rfc3339(text);
    REQUIRE(back);
    CHECK(*back == time);
  }
}

TEST_CASE("rfc3339: known moments") {
  CHECK(to_rfc3339(from_unix(0)) == "1970-01-01T00:00:00Z");
  CHECK(to_rfc3339(from_unix(1795428000)) == "2026-11-23T10:00:00Z");
  CHECK(to_rfc3339(from_unix(1709164800)) == "2024-02-29T00:00:00Z");
  CHECK(to_rfc3339(from_unix(1795428000) + Millis(999)) == "2026-11-23T10:00:00Z");
  REQUIRE(parse_rfc3339("2024-02-29T23:59:59Z"));
  CHECK(unix_seconds(*parse_rfc3339("2024-02-29T23:59:59Z")) == 1709251199);
}

TEST_CASE("rfc3339: garbage is no time") {
  for (std::string text : {"",
                           "now",
                           "2026-11-23",
                           "2026-11-23T10:00:00",
                           "2026-11-23 10:00:00",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-02-30T00:00:00Z",
                           "2025-02-29T00:00:00Z",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T10:60:00Z",
                           "2026-11-23T10:00:61Z",
                           "2026-11-23T10:00:00Zx",
                           " 2026-11-23T10:00:00Z",
                           "2026-11-23T10:00:0Z",
                           "2026-1-23T10:00:00Z",
                           "20a6-11-23T10:00:00Z",
                           "+026-11-23T10:00:00Z",
                           "-026-11-23T10:00:00Z",
                           "2026-11-23T1 :00:00Z",
                           "2026-11-23T-1:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
  using namespace std::string_view_literals;
  CHECK_FALSE(parse_rfc3339("2026-11-23T10:00:00\0"sv));
}

TEST_CASE("http date: IMF-fixdate, and nothing else") {
  auto time = parse_http_date("Mon, 23 Nov 2026 10:00:00 GMT");
  REQUIRE(time);
  CHECK(unix_seconds(*time) == 1795428000);
  time = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  REQUIRE(time);
  CHECK(unix_seconds(*time) == 784111777);
  const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const char* names[] = {"Thu", "Sun", "Sun", "Wed", "Fri", "Mon", "Wed", "Sat", "Tue", "Thu", "Sun", "Tue"};
  for (int i = 0; i < 12; ++i) {
    auto text = std::string(names[i]) + ", 01 " + months[i] + " 2026 00:00:00 GMT";
    CAPTURE(text);
    auto first = parse_http_date(text);
    REQUIRE(first);
    CHECK(to_rfc3339(*first) == (i < 9 ? "2026-0" : "2026-") + std::to_string(i + 1) + "-01T00:00:00Z");
  }
  for (std::string text :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMTx",
        "06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text));
  }
}
