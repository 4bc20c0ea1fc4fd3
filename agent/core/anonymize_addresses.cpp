// Addresses: of mail (RFC 5322), of network cards, of IPv4 and IPv6 (RFC 4291).
#include <algorithm>

#include "agent/core/anonymize_view.hpp"

namespace qcloud::anonymizing {
namespace {

// The characters of an unquoted local part, but those that separate in JSON, URLs and key=value.
bool mail_char(char c) { return alnum(c) || beyond_ascii(c) || one_of(c, "._%+-!#$*^~'`"); }
bool domain_char(char c) { return alnum(c) || beyond_ascii(c) || c == '.' || c == '-'; }

// Where the quoted string (RFC 5322 section 3.2.4) that ends before `end` begins.
size_t quoted_local(std::string_view text, size_t floor, size_t end) {
  for (size_t at = end - 1; at > floor && end - at < 64; --at)
    if (text[at - 1] == '"') return at - 1;
  return end;
}

// "2026-11-23-10-20-30" in a file name is a time: a year stands before `at`, or ends in its first pair.
bool dated(std::string_view text, size_t at) {
  auto year = [&](size_t begin) {
    bool four = begin + 4 <= text.size() && run(text, begin, digit) == 4;
    bool century = has_at(text, begin, "19") || has_at(text, begin, "20");
    return four && century && (begin == 0 || !alnum(text[begin - 1]));
  };
  for (size_t back : {2, 5, 8, 11})
    if (at >= back && year(at - back)) return true;
  return false;
}

size_t longest_group(std::string_view word) {
  size_t longest = 0, group = 0;
  for (char c : word) longest = std::max(longest, group = hex(c) ? group + 1 : 0);
  return longest;
}

// The end of a dotted quad at `at`, and where its last number begins; 0: there is none.
struct Quad {
  size_t last = 0, end = 0;
};
Quad quad_at(std::string_view text, size_t at, char separator) {
  Quad quad;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != separator)) return {};
    size_t digits = run(text, at, digit);
    if (digits == 0 || digits > 3) return {};
    quad.last = at;
    at += digits;
  }
  quad.end = at;
  // A longer row of numbers is looked at from its next number on.
  bool more = at + 1 < text.size() && text[at] == separator && digit(text[at + 1]);
  return more ? Quad{} : quad;
}

void cut_ipv4(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  for (size_t at = 0; at < text.size(); ++at) {
    if (!digit(text[at]) || (at > 0 && digit(text[at - 1]))) continue;
    if (auto quad = quad_at(text, at, '.'); quad.end) cuts.add(view, quad.last, quad.end, "x");
    // "5-6-7-89.dip.example", "log_5_6_7_89.txt": nobody knows which end is the box's own.
    for (char separator : {'-', '_'})
      if (auto quad = quad_at(text, at, separator); quad.end && !dated(text, at))
        cuts.add(view, at, quad.end, "[ip]");
  }
  // RFC 1035 section 3.5, RFC 3596 section 2.5: the last byte comes first.
  for (std::string_view zone : {".in-addr.arpa", ".ip6.arpa"})
    for (size_t dot = 0; dot < text.size(); ++dot) {
      if (text[dot] != '.' || !has_at(text, dot, zone)) continue;
      size_t begin = dot;
      while (begin > 0 && dot - begin < 80 && (hex(text[begin - 1]) || text[begin - 1] == '.')) --begin;
      cuts.add(view, begin, dot, "[ip]");
    }
  // /proc/net/tcp: address and port in hexadecimal.
  for (size_t colon = 8; colon + 4 < text.size(); ++colon) {
    if (text[colon] != ':' || run(text, colon + 1, hex) != 4 || run(text, colon - 8, hex) != 8) continue;
    if (colon > 8 && alnum(text[colon - 9])) continue;
    if (colon + 5 < text.size() && (alnum(text[colon + 5]) || text[colon + 5] == ':')) continue;
    cuts.add(view, colon - 8, colon, "[ip]");
  }
}

// What may be said of the run [begin, end) of hexadecimal digits, colons and dots.
void cut_ipv6_run(const View& view, size_t begin, size_t end, Cuts& cuts) {
  const std::string& text = view.text();
  auto word = std::string_view(text).substr(begin, end - begin);
  while (!word.empty() && word.back() == '.') word.remove_suffix(1);
  while (!word.empty() && word.front() == '.') word.remove_prefix(1);
  if (word.ends_with(':') && !word.ends_with("::")) word.remove_suffix(1);
  bool shortened = word.find("::") != std::string_view::npos;
  if (word.starts_with(':') && !word.starts_with("::")) word.remove_prefix(1);
  begin = static_cast<size_t>(word.data() - text.data());
  auto colons = std::count(word.begin(), word.end(), ':');
  bool letters = std::any_of(word.begin(), word.end(), letter);
  auto tail = word.substr(word.rfind(':') == std::string_view::npos ? 0 : word.rfind(':') + 1);
  bool embeds_ipv4 = colons >= 2 && quad_at(tail, 0, '.').end != 0;
  // Cut short by whoever wrote the line, but with letters and long groups: no time of day.
  bool piece = colons >= 3 && letters && longest_group(word) >= 3;
  if (colons < 2 || (!shortened && colons < 7 && !embeds_ipv4 && !piece)) return;
  if (shortened && word.size() < 4 && word != "::1") return;
  // Keep the groups before the first "::", three at most: 48 bits.
  std::string kept;
  size_t at = 0;
  for (int groups = 0; groups < 3; ++groups) {
    size_t n = run(word, at, hex);
    if (n == 0 || n > 4 || at + n >= word.size() || word[at + n] != ':') break;
    kept.append(word, at, n + 1);
    at += n + 1;
  }
  size_t after = begin + word.size();
  // Masked already: a bundle holds lines of the log.
  if (word.ends_with("::") && after < text.size() && text[after] == 'x') ++after;
  cuts.add(view, begin, after, kept.empty() ? "::x" : kept + ":x");
}

// "2a0b-1-2-3-4-5-6-7.ipv6-literal.net", "dump-2a0b_1_2__9.log": where a colon may not stand.
void cut_ipv6_joined(const View& view, char joint, Cuts& cuts) {
  const std::string& text = view.text();
  for (size_t at = 0; at < text.size();) {
    size_t length = run(text, at, [&](char c) { return hex(c) || c == joint; });
    auto word = std::string_view(text).substr(at, length);
    auto joints = std::count(word.begin(), word.end(), joint);
    bool literal = joints >= 2 && has_at(text, at + length, ".ipv6-literal");
    bool whole = joints == 7 && !dated(text, at + 5);
    bool shortened = joints >= 3 && word.find(std::string(2, joint)) != std::string_view::npos &&
                     std::any_of(word.begin(), word.end(), digit) &&
                     std::any_of(word.begin(), word.end(), letter);
    if (literal || ((whole || shortened) && longest_group(word) <= 4))
      cuts.add(view, at, at + length, "[ip]");
    at += std::max<size_t>(length, 1);
  }
}

void cut_ipv6(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  auto part = [](char c) { return hex(c) || c == ':' || c == '.'; };
  for (size_t at = 0; at < text.size();) {
    size_t length = run(text, at, part);
    if (length > 0) cut_ipv6_run(view, at, at + length, cuts);
    at += std::max<size_t>(length, 1);
  }
  for (char joint : {'-', '_'}) cut_ipv6_joined(view, joint, cuts);
}

// Two digits six times or more, with the same separator between.
void cut_mac_pairs(const View& view, char separator, Cuts& cuts) {
  const std::string& text = view.text();
  for (size_t at = 2; at < text.size(); ++at) {
    if (text[at] != separator || !hex(text[at - 1]) || !hex(text[at - 2])) continue;
    size_t begin = at - 2, end = at, pairs = 1;
    while (end + 2 < text.size() && text[end] == separator && hex(text[end + 1]) && hex(text[end + 2])) {
      ++pairs;
      end += 3;
      if (end >= text.size() || text[end] != separator) break;
    }
    // Six numbers in a row are no address, but for a letter among them.
    bool spoken = separator != ' ' || std::any_of(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                                  text.begin() + static_cast<std::ptrdiff_t>(end), letter);
    if (pairs >= 6 && spoken && !dated(text, begin))
      cuts.add(view, begin, end + run(text, end, hex), "[mac]");
    at = std::max(at, end - 1);
  }
}

// 0:1b:2:3c:4:5d: as some systems print it.
void cut_mac_short(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  for (size_t at = 0; at < text.size(); ++at) {
    if (!hex(text[at]) || (at > 0 && (alnum(text[at - 1]) || text[at - 1] == ':'))) continue;
    size_t end = at, groups = 0;
    for (;;) {
      size_t digits = run(text, end, hex);
      if (digits == 0 || digits > 2) break;
      ++groups;
      end += digits;
      if (end + 1 >= text.size() || text[end] != ':' || !hex(text[end + 1])) break;
      ++end;
    }
    if (groups == 6 && (end >= text.size() || !alnum(text[end]))) cuts.add(view, at, end, "[mac]");
  }
}

// Four digits three times (Cisco's form), six twice, and twelve in a row.
void cut_mac_blocks(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  for (size_t at = 0; at < text.size(); ++at) {
    if (!hex(text[at]) || (at > 0 && alnum(text[at - 1]))) continue;
    size_t first = run(text, at, hex), end = at + first;
    if (first != 4 && first != 6 && first != 12) continue;
    size_t blocks = 1;
    char separator = end < text.size() ? text[end] : '\0';
    while (blocks * first < 12 && one_of(separator, ".:-") && end < text.size() && text[end] == separator &&
           run(text, end + 1, hex) == first) {
      ++blocks;
      end += 1 + first;
    }
    bool whole = end >= text.size() || !alnum(text[end]);
    bool digits_only = run(text, at, digit) >= first;
    // 202611231020 is a time.
    bool date = digits_only && (has_at(text, at, "19") || has_at(text, at, "20"));
    bool address =
        blocks * first == 12 && !(first == 12 && date) && !(first == 4 && separator == '-' && date);
    if (whole && address) cuts.add(view, at, end, "[mac]");
  }
}

}  // namespace

void cut_mail(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  size_t floor = 0;  // no two look at the same characters
  for (size_t sign = 1; sign < text.size(); ++sign) {
    if (text[sign] != '@') continue;
    size_t begin = sign;
    while (begin > floor && mail_char(text[begin - 1])) --begin;
    if (begin == sign && text[sign - 1] == '"') begin = quoted_local(text, floor, sign - 1);
    size_t domain = run(text, sign + 1, domain_char);
    if (domain == 0 && sign + 1 < text.size() && text[sign + 1] == '[') {
      auto close = text.find(']', sign);
      if (close != std::string::npos && close - sign < 64) domain = close - sign;
    }
    if (begin < sign && domain > 0) {
      cuts.add(view, begin, sign + 1 + domain, "[mail]");
      floor = sign + 1;
    }
  }
}

void cut_mac(const View& view, Cuts& cuts) {
  for (char separator : {':', '-', '.', '_', ' '}) cut_mac_pairs(view, separator, cuts);
  cut_mac_short(view, cuts);
  cut_mac_blocks(view, cuts);
}

void cut_ip(const View& view, Cuts& cuts) {
  cut_ipv4(view, cuts);
  cut_ipv6(view, cuts);
}

}  // namespace qcloud::anonymizing
