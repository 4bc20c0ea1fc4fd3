// Promise A8, from a seed: lines full of mail addresses, network addresses in all their spellings, MACs,
// serial numbers, account names and tokens, in prose, JSON, URLs, XML and file names, in mixed case.
// None survives, as it was written or as a reader would decode it; what stands around them stays.
// QCLOUD_SEED=n for another seed, QCLOUD_LINES=n for more lines.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include "agent/core/anonymize.hpp"
#include "agent/core/anonymize_view.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;

namespace {

using Seeded = unit::SeededRng;
constexpr std::string_view lower_letters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view url64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct Planted {
  std::string text;
  std::vector<std::string> forbidden;
};

std::string of(Seeded& rng, std::string_view alphabet, size_t length) {
  std::string out;
  while (out.size() < length) out += alphabet[rng.below(alphabet.size())];
  return out;
}
std::string print(const char* format, unsigned a, unsigned b = 0, unsigned c = 0, unsigned d = 0) {
  char text[128];
  std::snprintf(text, sizeof text, format, a, b, c, d);
  return text;
}
std::string pick(Seeded& rng, std::initializer_list<const char*> from) {
  return *(from.begin() + rng.below(from.size()));
}
std::string mixed(Seeded& rng, std::string text) {
  auto how = rng.below(4);
  for (auto& c : text)
    if (how == 1 || (how == 2 && rng.below(2)))
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}
std::string escaped(Seeded& rng, const std::string& text, bool all) {
  std::string out;
  for (unsigned char c : text)
    out += all || (!std::isalnum(c) && c != '.' && c != '-') || rng.below(9) == 0
               ? print(rng.below(2) ? "%%%02X" : "%%%02x", c)
               : std::string(1, static_cast<char>(c));
  return out;
}
std::string in_json(Seeded& rng, const std::string& text) {
  std::string out;
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      out += std::string("\\") + static_cast<char>(c);
    else if (c < 0x80 && rng.below(12) == 0)
      out += print("\\u%04x", c);
    else
      out += static_cast<char>(c);
  }
  return out;
}

Planted mail(Seeded& rng) {
  auto user =
      of(rng, lower_letters, 6) + pick(rng, {".", "_", "+", "-", "", "'", "!"}) + of(rng, lower_letters, 5);
  auto at = user + "@" + pick(rng, {"example.org", "mail.example.co.uk", "xn--bcher-kva.example", "a-b.io"});
  at = mixed(rng, at);
  return {at, {at, user}};
}
Planted ipv4(Seeded& rng) {
  auto octet = [&] { return static_cast<unsigned>(rng.below(256)); };
  unsigned last = 100 + static_cast<unsigned>(rng.below(156));
  auto text = print("%u.%u.%u.%u", 1 + octet() % 223, octet(), octet(), last);
  return {text + (rng.below(3) ? "" : ":8443"), {text}};
}
Planted ipv6(Seeded& rng) {
  unsigned g[8];
  for (auto& each : g) each = 0x1000 + static_cast<unsigned>(rng.below(0xefff));
  g[0] = 0x2000 | (g[0] & 0x1fff);
  auto half = [&](int i) { return print("%x:%x:%x:%x", g[i], g[i + 1], g[i + 2], g[i + 3]); };
  std::string tail = half(4), text;
  switch (rng.below(8)) {
    case 0:
      text = half(0) + "::" + print("%x", g[7]);
      tail = print("%x::%x", g[3], g[7]);
      break;
    case 1:
      text = "fe80::" + half(4) + "%eth0";
      break;
    case 2:
      text = "[" + half(0) + ":" + tail + "]:443";
      break;
    case 3:
      tail = print("%u.%u.%u.%u", g[0] & 0xff, g[1] & 0xff, g[2] & 0xff, 100 + (g[3] & 0x7f));
      text = "::ffff:" + tail;
      break;
    case 4:
      tail = print("%x:%x", g[6], g[7]);
      text = print("64:ff9b::%x:%x", g[6], g[7]);
      break;
    case 5:
      tail = print("%u.%u.%u.%u", g[0] & 0xff, g[1] & 0xff, g[2] & 0xff, 100 + (g[3] & 0x7f));
      text = half(0) + print(":%x:%x:", g[4], g[5]) + tail;
      break;
    case 6:
      text = print("%x:%x::", g[0], g[1]) + tail + "/64";
      break;
    default:
      text = half(0) + ":" + tail;
  }
  auto cased = mixed(rng, text);
  return {cased, {text, tail}};
}
Planted mac(Seeded& rng) {
  std::string hex;
  for (int i = 0; i < 6; ++i) hex += print("%02x", 0xa0 + static_cast<unsigned>(rng.below(0x5f)));
  size_t block = std::initializer_list<size_t>{2, 2, 4, 6, 12}.begin()[rng.below(5)];
  auto separator = block == 2 ? pick(rng, {":", "-", "_", " "}) : block == 4 ? "." : pick(rng, {"-", ":"});
  std::string text;
  for (size_t i = 0; i < 12; ++i) text += (i && i % block == 0 ? separator : "") + hex[i];
  return {mixed(rng, text), {text, text.substr(text.size() - 6)}};
}
// Letter, three digits, letter, five digits, as on the label; or with a key and any shape.
Planted serial(Seeded& rng) {
  if (rng.below(2)) {
    auto text =
        mixed(rng, of(rng, lower_letters, 1) + print("%03u", static_cast<unsigned>(rng.below(1000))) +
                       of(rng, lower_letters, 1) + print("%05u", static_cast<unsigned>(rng.below(100000))));
    return {text, {text}};
  }
  auto value = of(rng, capitals, 1) + of(rng, "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 7 + rng.below(3)) + "7";
  auto key = mixed(rng, pick(rng, {"S/N: ", "SN:", "sn=", "serial ", "serial number: ", "Serial No. ",
                                   "serialNumber=", "serial_no: ", "hwsn=", "device-serial: "}));
  return {key + mixed(rng, value), {value}};
}
const char* const person_keys[] = {"account",   "user",      "username",   "login",     "owner", "qid",
                                   "user_name", "loginName", "account-id", "ownerName", "email"};
const char* const secret_keys[] = {"password",     "passwd",        "pwd",         "token",
                                   "access_token", "api_key",       "secret",      "session",
                                   "refreshToken", "client-secret", "device_code", "cloud_key"};
// Key and value apart: each kind of document has its own way to join them.
std::pair<std::string, std::string> keyed(Seeded& rng) {
  if (rng.below(2))
    return {mixed(rng, person_keys[rng.below(std::size(person_keys))]),
            of(rng, lower_letters, 5 + rng.below(6))};
  return {mixed(rng, secret_keys[rng.below(std::size(secret_keys))]), of(rng, url64, 6 + rng.below(20))};
}
// Only keys that a mixture of cases does not tear apart.
Planted token(Seeded& rng) {
  switch (rng.below(5)) {
    case 0: {
      auto body = of(rng, url64, 40), signature = of(rng, url64, 43);
      return {"eyJhbGciOiJFUzI1NiJ9." + body + "." + signature,
              {body.substr(4, 20), signature.substr(8, 20)}};
    }
    case 1: {
      auto text = of(rng, base64, 30 + rng.below(60)) + "9aB=";
      return {pick(rng, {"Bearer ", "bearer ", "Basic ", "BASIC "}) + text,
              {text.substr(0, 16), text.substr(text.size() - 12)}};
    }
    case 2: {
      auto text = "0a" + of(rng, "0123456789abcdef", 30 + rng.below(34));
      return {text, {text.substr(4, 16)}};
    }
    case 3: {
      auto user = of(rng, lower_letters, 7), word = of(rng, url64, 12);
      return {"https://" + user + ":" + word + "@cloud.vendor.test/v1", {user, word}};
    }
    default: {
      auto name = of(rng, lower_letters, 8);
      return {pick(rng, {"/ho"
                         "me/",
                         "/share/homes/", "/Users/"}) +
                  name + "/file",
              {name}};
    }
  }
}

// The values that the box knows: planted in any case, and percent-encoded.
const std::vector<std::string> known = {
    "walter.owner@example.org", "walter.owner", "nas-cellar.mynas.test", "nas-cellar", "d-7f3k",
    "J\xc3\xb6rgs-NAS",         "Q204I12345"};
Planted known_value(Seeded& rng) {
  const auto& value = rng.pick(known);
  return {mixed(rng, value), {value}};
}

std::string around(Seeded& rng, const std::string& text) {
  switch (rng.below(12)) {
    case 0:
      return "{\"detail\":\"" + in_json(rng, text) + "\",\"n\":1}";
    case 1:
      return "{\\\"detail\\\":\\\"" + text + "\\\"}";
    case 2:
      return "GET /v1/x?q=" + escaped(rng, text, false) + "&n=1";
    case 3:
      return "GET /v1/x?q=" + escaped(rng, text, true) + "&n=1";
    case 4:
      return "q=" + escaped(rng, escaped(rng, text, false), false);
    case 5:
      return "<detail>" + text + "</detail>";
    case 6:
      return "connect to " + text + " failed";
    case 7:
      return "peer=" + text + "; next";
    case 8:
      return "(" + text + "), then";
    case 9:
      return "[" + text + "]";
    case 10:
      return "'" + text + "'";
    default:
      return text;
  }
}
std::string joined(Seeded& rng, const std::string& key, const std::string& value) {
  switch (rng.below(12)) {
    case 0:
      return "{\"" + key + "\":\"" + in_json(rng, value) + "\"}";
    case 1:
      return "{\\\"" + key + "\\\": \\\"" + value + "\\\"}";
    case 2:
      return "GET /x?" + key + "=" + escaped(rng, value, rng.below(2)) + "&n=1";
    case 3:
      return "q=" + escaped(rng, "{\"" + key + "\":\"" + value + "\"}", rng.below(2));
    case 4:
      return "<" + key + ">" + value + "</" + key + ">";
    case 5:
      return key + "=" + value;
    case 6:
      return key + ": " + value;
    case 7:
      return key + " = '" + value + "'";
    case 8:
      return "--" + key + " " + value;
    case 9:
      return "\"" + key + "\" : [\"" + value + "\"]";
    case 10:
      return "\"" + key + "\":{\"name\":\"" + value + "\"}";
    default:
      return key + "=\"" + value + "\", n=1";
  }
}

Planted line(Seeded& rng) {
  Planted out;
  for (auto n = 1 + rng.below(3); n; --n) {
    Planted one;
    switch (rng.below(8)) {
      case 0:
        one = mail(rng);
        break;
      case 1:
        one = ipv4(rng);
        break;
      case 2:
        one = ipv6(rng);
        break;
      case 3:
        one = mac(rng);
        break;
      case 4:
        one = serial(rng);
        break;
      case 5:
        one = token(rng);
        break;
      case 6:
        one = known_value(rng);
        break;
      default: {
        auto [key, value] = keyed(rng);
        out.text += " " + joined(rng, key, value);
        out.forbidden.push_back(value);
        continue;
      }
    }
    out.text += " " + around(rng, one.text);
    out.forbidden.insert(out.forbidden.end(), one.forbidden.begin(), one.forbidden.end());
  }
  return out;
}

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

TEST_CASE("A8 anonymize: no seeded value survives in any kind of document") {
  auto seed = setting("QCLOUD_SEED", 20261123), lines = setting("QCLOUD_LINES", 40000);
  MESSAGE("seed " << seed << ", " << lines << " lines");
  Seeded rng(seed);
  KnownValues box(known);
  const std::string head = "2026-11-23T10:20:30Z warning: ddns: net.dns_failed, QTS 5.1.2, status 503:";
  int leaks = 0;
  for (std::uint64_t i = 0; i < lines && leaks < 5; ++i) {
    auto planted = line(rng);
    auto clean = anonymize(head + planted.text, box);
    auto shown = anonymizing::lower(clean);
    auto decoded = anonymizing::lower(anonymizing::View::decoded(clean).text());
    bool good = clean.starts_with(head) && anonymize(clean, box) == clean;
    std::string leaked;
    for (const auto& each : planted.forbidden) {
      auto word = anonymizing::lower(each);
      if (shown.find(word) != std::string::npos || decoded.find(word) != std::string::npos) leaked = each;
    }
    if (good && leaked.empty()) continue;
    ++leaks;
    CAPTURE(planted.text);
    CAPTURE(clean);
    CAPTURE(leaked);
    CHECK(leaked.empty());
    CHECK(clean.starts_with(head));
    CHECK(anonymize(clean, box) == clean);
  }
}
