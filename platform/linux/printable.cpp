#include "platform/linux/printable.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <functional>

namespace qcloud {
namespace {

// The length of the UTF-8 sequence at the front, 0 when it is none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
size_t decode(std::string_view text, std::uint32_t& point) {
  auto byte = [&](size_t i) { return static_cast<std::uint8_t>(text[i]); };
  std::uint8_t lead = byte(0);
  size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
  if (size == 0 || size > text.size()) return 0;
  point = size == 1 ? lead : lead & (0x7f >> size);
  for (size_t i = 1; i < size; ++i) {
    if (byte(i) >> 6 != 2) return 0;
    point = point << 6 | (byte(i) & 0x3f);
  }
  static constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = point >= 0xd800 && point <= 0xdfff;
  return point < least[size] || surrogate || point > 0x10ffff ? 0 : size;
}

bool hidden(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad ||  // controls, soft hyphen
         (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
         (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || (point >= 0xfff0 && point <= 0xffff) ||
         (point >= 0xe000 && point <= 0xf8ff) || point >= 0xe0000;  // private use, tags
}

}  // namespace

std::string printable(std::string_view text, size_t limit) {
  std::string out;
  size_t characters = 0;
  bool blank = false;
  while (!text.empty() && characters < limit) {
    std::uint32_t point = 0;
    size_t size = decode(text, point);
    auto piece = text.substr(0, std::max<size_t>(size, 1));
    text.remove_prefix(piece.size());
    if (size != 0 && (point == ' ' || point == '\t' || point == 0xa0)) blank = true;
    if (size == 0 || hidden(point) || point == ' ' || point == 0xa0) continue;
    if (blank && !out.empty()) {
      if (++characters == limit) break;  // a blank at the end would be cut anyway
      out += ' ';
    }
    blank = false;
    out += piece;
    ++characters;
  }
  return out;
}

bool placeholder(std::string_view text) {
  static constexpr std::string_view known[] = {"to be filled by o.e.m.",
                                               "to be filled by oem",
                                               "default string",
                                               "not specified",
                                               "not applicable",
                                               "not available",
                                               "system product name",
                                               "system serial number",
                                               "base board serial number",
                                               "system version",
                                               "none",
                                               "n/a",
                                               "unknown",
                                               "oem",
                                               "o.e.m.",
                                               "empty",
                                               "undefined",
                                               "123456789",
                                               "0123456789",
                                               "1234567890",
                                               "01234567890123456789ab",
                                               "03000200-0400-0500-0006-000700080009"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (std::find(std::begin(known), std::end(known), lower) != std::end(known)) return true;
  // "0", "........", "FFFFFFFF-FFFF-...": one character over and over.
  std::erase_if(lower, [](char c) { return c == '-' || c == ' ' || c == ':'; });
  return std::adjacent_find(lower.begin(), lower.end(), std::not_equal_to<>()) == lower.end();
}

}  // namespace qcloud
