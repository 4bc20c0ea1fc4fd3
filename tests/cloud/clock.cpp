#include "tests/cloud/clock.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace refcloud {
namespace {

std::tm utc(Seconds seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  return parts;
}

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

}  // namespace

std::string rfc3339(Seconds seconds) {
  const auto parts = utc(seconds);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::optional<Seconds> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text.size() > 30 || text.back() != 'Z') return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  std::tm parts{};
  if (!digits(text, 0, 4, parts.tm_year) || !digits(text, 5, 2, parts.tm_mon) ||
      !digits(text, 8, 2, parts.tm_mday) || !digits(text, 11, 2, parts.tm_hour) ||
      !digits(text, 14, 2, parts.tm_min) || !digits(text, 17, 2, parts.tm_sec))
    return std::nullopt;
  if (text.size() > 20) {
    int fraction = 0;
    if (text.size() < 22 || text.size() > 29 || text[19] != '.' ||
        !digits(text, 20, text.size() - 21, fraction))
      return std::nullopt;
  }
  if (parts.tm_mon < 1 || parts.tm_mon > 12 || parts.tm_mday < 1 || parts.tm_hour > 23 || parts.tm_min > 59 ||
      parts.tm_sec > 59)
    return std::nullopt;
  const int month = parts.tm_mon;
  const int day_of_month = parts.tm_mday;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const auto seconds = static_cast<Seconds>(timegm(&parts));
  // timegm() turns February 30 into March 2; such a date is refused instead.
  const auto again = utc(seconds);
  if (again.tm_mon + 1 != month || again.tm_mday != day_of_month) return std::nullopt;
  return seconds;
}

std::string http_date(Seconds seconds) {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto parts = utc(seconds);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d GMT", days[parts.tm_wday],
                parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                parts.tm_sec);
  return text.data();
}

}  // namespace refcloud
