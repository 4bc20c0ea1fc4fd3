#include "agent/cli/text.hpp"
#include "agent/cli/client.hpp"
#include "agent/cli/events.hpp"
#include "agent/cli/qr.hpp"
#include "agent/cli/when.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <boost/json/parse.hpp>

using namespace qcloud::cli;

namespace {
constexpr std::int64_t now = 1795428180;  // 2026-11-23T10:03:00Z
}

TEST_CASE("nothing that a terminal obeys passes plain()") {
  CHECK(plain("nas1 \u00fcber \u540d") == "nas1 \u00fcber \u540d");
  CHECK(plain("a\nb\tc\rd") == "a b c d");
  for (const char* bad : {"\x1b", "\x07", "\x7f", "\u0085", "\u009b", "\u202e", "\u2066", "\u200f", "\ufeff",
                          "\u2028", "\xff", "\xc0\x9b", "\xed\xa0\x80"}) {
    const std::string text = plain(std::string("x") + bad + "[31my");
    CHECK(text.find(bad) == std::string::npos);
    CHECK(text.starts_with("x\ufffd"));
    CHECK(text.ends_with("[31my"));
  }
  CHECK(plain(std::string("a\0b", 3)) == "a\ufffdb");
  CHECK(plain("cut \xe5\x90") == "cut \ufffd\ufffd");
}

TEST_CASE("JSON for scripts holds no raw control either, and the same value") {
  const auto value = boost::json::parse(R"({"a":"\u001b[2J\u009b\u202e\u007f \u00fc","b":[1,{}],"c":{}})");
  const std::string line = json_line(value);
  CHECK(line == "{\"a\":\"\\u001b[2J\\u009b\\u202e\\u007f \u00fc\",\"b\":[1,{}],\"c\":{}}\n");
  CHECK(boost::json::parse(line) == value);
  CHECK(boost::json::parse(json_pretty(value)) == value);
  CHECK(json_pretty(boost::json::parse(R"({"a":[1,2]})")) == "{\n  \"a\": [\n    1,\n    2\n  ]\n}\n");
}

TEST_CASE("lines break between words and never inside") {
  CHECK(wrap("one two three", 2, 9) == "one two\n  three");
  CHECK(wrap("averyverylongword x", 0, 5) == "averyverylongword\nx");
  CHECK(wrap("", 4, 10) == "");
  CHECK(pad("\u00fc", 3) == "\u00fc  ");
  CHECK(paint({.color = false}, Tone::bad, "x") == "x");
  CHECK(paint({.color = true}, Tone::good, "x") == "\x1b[32mx\x1b[0m");
}

TEST_CASE("amounts") {
  CHECK(bytes(0) == "0 bytes");
  CHECK(bytes(1) == "1 byte");
  CHECK(bytes(999) == "999 bytes");
  CHECK(bytes(1204) == "1.2 kB");
  CHECK(bytes(999'999) == "1.0 MB");
  CHECK(count(1, "order") == "1 order");
}

TEST_CASE("RFC 3339") {
  CHECK(parse_rfc3339("2026-11-23T10:03:00Z") == now);
  CHECK(parse_rfc3339("2026-11-23T11:03:00.250+01:00") == now);
  CHECK(rfc3339(now) == "2026-11-23T10:03:00Z");
  CHECK(parse_rfc3339("2028-02-29T00:00:00Z"));
  for (const char* bad : {"", "2026-11-23", "2026-11-23T10:03:00", "2026-02-29T00:00:00Z",
                          "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T10:03:00.Z",
                          "2026-11-23T10:03:00+0100", "2026-11-23T10:03:00Zx", "x026-11-23T10:03:00Z"})
    CHECK_FALSE(parse_rfc3339(bad));
}

TEST_CASE("--since") {
  CHECK(parse_since("1h", now) == now - 3600);
  CHECK(parse_since("2d", now) == now - 2 * 86400);
  CHECK(parse_since("90s", now) == now - 90);
  CHECK(parse_since("15m", now) == now - 900);
  CHECK(parse_since("1w", now) == now - 7 * 86400);
  CHECK(parse_since("today", now) == parse_rfc3339("2026-11-23T00:00:00Z"));
  CHECK(parse_since("2026-11-20", now) == parse_rfc3339("2026-11-20T00:00:00Z"));
  CHECK(parse_since("2026-11-20T01:00:00Z", now) == parse_rfc3339("2026-11-20T01:00:00Z"));
  for (const char* bad : {"", "h", "1", "-1h", "+1h", "1 h", "1.5h", "1y", "99999999999999999999d",
                          "999999999d", "tomorrow", "2026-02-30"})
    CHECK_FALSE(parse_since(bad, now));
}

TEST_CASE("how long ago") {
  CHECK(relative(now, now) == "just now");
  CHECK(relative(now - 42, now) == "42 seconds ago");
  CHECK(relative(now - 60, now) == "1 minute ago");
  CHECK(relative(now - 7200, now) == "2 hours ago");
  CHECK(relative(now + 3 * 86400, now) == "in 3 days");
  CHECK(moment("2026-11-23T10:00:00Z", now) == "3 minutes ago (2026-11-23 10:00)");
  CHECK(moment("soon\x1b", now) == "soon\ufffd");
}

TEST_CASE("events, cut anywhere") {
  const std::string stream =
      ": hello\r\n\r\nevent: ledger\ndata: {\"a\":\ndata: 1}\n\ndata: x\n\nevent: lost\n\n";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    EventParser parser;
    std::string seen;
    const auto sink = [&](std::string_view name, std::string_view data) {
      seen += std::string(name) + "=" + std::string(data) + ";";
      return true;
    };
    CHECK(parser.feed(stream.substr(0, cut), sink));
    CHECK(parser.feed(stream.substr(cut), sink));
    CHECK(seen == "ledger={\"a\":\n1};message=x;");
  }
  EventParser endless;
  CHECK_FALSE(endless.feed(std::string(2 << 20, 'x'), [](auto, auto) { return true; }));
}

TEST_CASE("words of the user cannot leave their place in a target") {
  CHECK(Target("/v1/manifest").segment("../status?x=1 \u00fc").text() ==
        "/v1/manifest/..%2Fstatus%3Fx%3D1%20%C3%BC");
  CHECK(Target("/v1/receipts").segment("..").text() == "/v1/receipts/%2E%2E");
  CHECK(Target("/v1/ledger").query("feature", "a&b").query("since", "2026-11-23T10:00:00Z").text() ==
        "/v1/ledger?feature=a%26b&since=2026-11-23T10%3A00%3A00Z");
}

TEST_CASE("QR code: square, with a quiet zone, and only where it fits") {
  const std::string code = qr_text("https://cloud.vendor.test/device?user_code=BCDF-GHJK", 80, false);
  const std::string first = code.substr(0, code.find('\n'));
  const std::size_t side = width(first);
  CHECK((side - 8 - 17) % 4 == 0);  // a version's side is 17 + 4n
  CHECK(first.find_first_not_of("\xE2\x96\x88") == std::string::npos);
  CHECK(static_cast<std::size_t>(std::count(code.begin(), code.end(), '\n')) == (side + 1) / 2);
  CHECK(qr_text("https://cloud.vendor.test/device", 20, false).empty());
  CHECK(qr_text(std::string(4000, 'x'), 400, false).empty());
}
