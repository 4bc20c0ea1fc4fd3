// Promise A8, as a property: whatever personal value is put into whatever kind of text, it does not
// come out; and what is no personal value comes out unchanged.
#include "agent/core/anonymize.hpp"

#include <doctest/doctest.h>

#include <cctype>
#include <cstdio>
#include <vector>

#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;

namespace {

struct Planted {
  std::string text;                    // as it stands in the document
  std::vector<std::string> forbidden;  // what must not be found in any case afterwards
};

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}
std::string mixed(unit::SeededRng& rng, std::string text) {
  for (auto& c : text)
    if (rng.below(2)) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}
std::string from_alphabet(unit::SeededRng& rng, std::string_view alphabet, size_t length) {
  std::string out;
  while (out.size() < length) out += alphabet[rng.below(alphabet.size())];
  return out;
}
constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view alnum = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
constexpr std::string_view url64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

Planted mail(unit::SeededRng& rng) {
  static const std::vector<std::string> domains = {"example.org", "mail.example.co.uk",
                                                   "xn--bcher-kva.example", "a-b.io"};
  static const std::vector<std::string> joints = {".", "_", "+", "-", ""};
  auto user = "u" + from_alphabet(rng, letters, 6) + rng.pick(joints) + from_alphabet(rng, letters, 5);
  auto at = mixed(rng, user + "@" + rng.pick(domains));
  return {at, {at, user + "@"}};
}

Planted ipv4(unit::SeededRng& rng) {
  char text[32], masked[32];
  int a = 1 + int(rng.below(254)), b = int(rng.below(256)), c = int(rng.below(256)), d = int(rng.below(256));
  std::snprintf(text, sizeof(text), "%d.%d.%d.%d", a, b, c, d);
  std::snprintf(masked, sizeof(masked), "%d.%d.%d.%d", a, b, c, d);
  return {text, {masked}};
}

Planted ipv6(unit::SeededRng& rng) {
  unsigned g[8];
  for (auto& each : g) each = 0x1000 + unsigned(rng.below(0xefff));
  g[0] = 0x2000 | unsigned(rng.below(0x1fff));
  char text[64], tail[64];
  if (rng.below(2)) {
    std::snprintf(text, sizeof(text), "%x:%x:%x:%x:%x:%x:%x:%x", g[0], g[1], g[2], g[3], g[4], g[5], g[6],
                  g[7]);
    std::snprintf(tail, sizeof(tail), "%x:%x:%x:%x", g[4], g[5], g[6], g[7]);
  } else {
    std::snprintf(text, sizeof(text), "%x:%x:%x:%x::%x", g[0], g[1], g[2], g[3], g[7]);
    std::snprintf(tail, sizeof(tail), "%x::%x", g[3], g[7]);
  }
  char subnet[16];
  std::snprintf(subnet, sizeof(subnet), ":%x:", g[3]);
  return {mixed(rng, text), {text, tail, subnet}};
}

Planted mac(unit::SeededRng& rng) {
  std::string hex;
  // Starts with a letter and is not all digits, so that it cannot be told from nothing else.
  for (int i = 0; i < 6; ++i) {
    char byte[3];
    std::snprintf(byte, sizeof(byte), "%02x", 0xa0 + unsigned(rng.below(0x5f)));
    hex += byte;
  }
  std::string text;
  auto kind = rng.below(3);
  for (size_t i = 0; i < 12; ++i) {
    if (i && kind < 2 && i % 2 == 0) text += kind ? '-' : ':';
    if (i && kind == 2 && i % 4 == 0) text += '.';
    text += hex[i];
  }
  return {mixed(rng, text), {text, text.substr(text.size() - 8)}};
}

Planted keyed(unit::SeededRng& rng) {
  static const std::vector<std::string> keys = {"serial", "serial_number", "token", "access_token",
                                                "password"};
  static const std::vector<std::string> shapes = {"K=V",          "K: V",  "\"K\":\"V\"",
                                                  "\"K\": \"V\"", "K='V'", "K=\"V\""};
  auto value = from_alphabet(rng, alnum, 9 + rng.below(6));
  auto text = rng.pick(shapes);
  text.replace(text.find('V'), 1, value);
  text.replace(text.find('K'), 1, mixed(rng, rng.pick(keys)));
  return {text, {value}};
}

Planted jwt(unit::SeededRng& rng) {
  auto payload = "eyJ" + from_alphabet(rng, url64, 20 + rng.below(60));
  auto signature = from_alphabet(rng, url64, 40 + rng.below(46));
  auto text = "eyJhbGciOiJFUzI1NiJ9." + payload + "." + signature;
  return {text, {payload, signature, signature.substr(8, 20)}};
}

Planted run(unit::SeededRng& rng) {
  auto text = "a" + from_alphabet(rng, url64, 31 + rng.below(60)) + "Z";
  return {text, {text, text.substr(4, 24)}};
}

Planted any(unit::SeededRng& rng) {
  switch (rng.below(7)) {
    case 0:
      return mail(rng);
    case 1:
      return ipv4(rng);
    case 2:
      return ipv6(rng);
    case 3:
      return mac(rng);
    case 4:
      return keyed(rng);
    case 5:
      return jwt(rng);
    default:
      return run(rng);
  }
}

std::string around(unit::SeededRng& rng, const std::string& inner, bool bare) {
  static const std::vector<std::string> all = {"{\"x\":\"@\"}",
                                               "[\"@\",\"@\"]",
                                               "connect to @ failed",
                                               "(@)",
                                               "<@>",
                                               "peer=@;",
                                               "from @, then",
                                               "'@'",
                                               "@",
                                               "\t@\r\n",
                                               "the end: @.",
                                               "@: no answer",
                                               "key:@",
                                               "x=@&y=1",
                                               "|@|",
                                               "\\\"@\\\"",
                                               "\xc3\xa4@\xc3\xa4"};
  static const std::vector<std::string> urls = {"https://nas.example/path/@/x",
                                                "https://nas.example/?q=@&n=1",
                                                "/share/Public/@.log",
                                                "report_@.tar.gz",
                                                "https://[@]:8443/",
                                                "backup-@-1.zip"};
  auto text = bare && rng.below(3) == 0 ? rng.pick(urls) : rng.pick(all);
  std::string out;
  for (char c : text) out += c == '@' ? inner : std::string(1, c);
  return out;
}

}  // namespace

TEST_CASE("A8 anonymize: no planted value survives, whatever stands around it") {
  unit::SeededRng rng(2026);
  for (int i = 0; i < 4000; ++i) {
    std::string document;
    std::vector<std::string> forbidden;
    for (auto n = 1 + rng.below(4); n; --n) {
      auto planted = any(rng);
      document += around(rng, planted.text, planted.text.find_first_of(" \"'=") == std::string::npos) + "\n";
      for (auto& each : planted.forbidden) forbidden.push_back(lower(each));
    }
    auto clean = lower(anonymize(document));
    CAPTURE(document);
    CAPTURE(clean);
    for (const auto& each : forbidden) {
      CAPTURE(each);
      // A masked IPv4 address can be the beginning of nothing else: compare as a whole word.
      auto at = clean.find(each);
      CHECK(at == std::string::npos);
      if (at != std::string::npos) return;  // one such document is enough to read
    }
    CHECK(lower(anonymize(anonymize(document))) == clean);
  }
}
