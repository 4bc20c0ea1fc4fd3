#include "agent/core/clock.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace qcloud {
namespace {

bool number(std::string_view text, size_t at, size_t size, int& out) {
  if (at + size > text.size()) return false;
  for (size_t i = at; i < at + size; ++i)
    if (text[i] < '0' || text[i] > '9') return false;
  std::from_chars(text.data() + at, text.data() + at + size, out);
  return true;
}

std::optional<WallTime> compose(int y, int mo, int d, int h, int mi, int s) {
  std::chrono::year_month_day date{std::chrono::year(y), std::chrono::month(mo), std::chrono::day(d)};
  if (!date.ok() || h > 23 || mi > 59 || s > 60) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + hours(h) + minutes(mi) + seconds(s);
}

}  // namespace

std::string to_rfc3339(WallTime time) {
  auto day = std::chrono::floor<days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(std::chrono::floor<seconds>(time - day));
  std::array<char, 40> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                int(clock.minutes().count()), int(clock.seconds().count()));
  return out.data();
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  int y, mo, d, h, mi, s;
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
      text[13] != ':' || text[16] != ':')
    return std::nullopt;
  if (!number(text, 0, 4, y) || !number(text, 5, 2, mo) || !number(text, 8, 2, d) ||
      !number(text, 11, 2, h) || !number(text, 14, 2, mi) || !number(text, 17, 2, s))
    return std::nullopt;
  size_t at = 19;
  if (text[at] == '.') {
    ++at;
    size_t digits = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == digits) return std::nullopt;
  }
  auto time = compose(y, mo, d, h, mi, s);
  if (!time || at >= text.size()) return std::nullopt;
  if ((text[at] == 'Z' || text[at] == 'z') && at + 1 == text.size()) return time;
  int oh, om;
  if ((text[at] != '+' && text[at] != '-') || text.size() != at + 6 || text[at + 3] != ':' ||
      !number(text, at + 1, 2, oh) || !number(text, at + 4, 2, om))
    return std::nullopt;
  auto offset = hours(oh) + minutes(om);
  return text[at] == '+' ? *time - offset : *time + offset;
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  // "Sun, 06 Nov 1994 08:49:37 GMT"
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  int y, d, h, mi, s;
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT" || text[19] != ':' ||
      text[22] != ':')
    return std::nullopt;
  size_t month = months.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  if (!number(text, 5, 2, d) || !number(text, 12, 4, y) || !number(text, 17, 2, h) ||
      !number(text, 20, 2, mi) || !number(text, 23, 2, s))
    return std::nullopt;
  return compose(y, int(month / 3) + 1, d, h, mi, s);
}

}  // namespace qcloud
