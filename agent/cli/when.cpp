#include "agent/cli/when.hpp"

#include "agent/cli/text.hpp"

#include <array>
#include <charconv>
#include <ctime>

namespace qcloud::cli {
namespace {

/// The digits [from, from+length) of `text` as a number, -1 if any is not a digit.
int digits(std::string_view text, std::size_t from, std::size_t length) {
  if (text.size() < from + length) return -1;
  int value = 0;
  for (char c : text.substr(from, length)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// "YYYY-MM-DD" at the start of `text`.
std::optional<std::tm> parse_date(std::string_view text) {
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (year < 1970 || month < 1 || month > 12 || day < 1 || text[4] != '-' || text[7] != '-') return {};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const std::array days{31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (day > days[static_cast<std::size_t>(month - 1)]) return {};
  std::tm date{};
  date.tm_year = year - 1900;
  date.tm_mon = month - 1;
  date.tm_mday = day;
  date.tm_isdst = -1;
  return date;
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  auto parts = parse_date(text);
  if (!parts || text.size() < 20 || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) return {};
  parts->tm_hour = digits(text, 11, 2);
  parts->tm_min = digits(text, 14, 2);
  parts->tm_sec = digits(text, 17, 2);
  if (parts->tm_hour < 0 || parts->tm_hour > 23 || parts->tm_min < 0 || parts->tm_min > 59 ||
      parts->tm_sec < 0 || parts->tm_sec > 60 || text[13] != ':' || text[16] != ':')
    return {};
  std::size_t at = 19;
  if (text[at] == '.') {
    const std::size_t end = text.find_first_not_of("0123456789", at + 1);
    if (end == at + 1 || end == std::string_view::npos) return {};
    at = end;
  }
  std::int64_t offset = 0;
  const std::string_view zone = text.substr(at);
  if (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':') {
    const int hours = digits(zone, 1, 2), minutes = digits(zone, 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return {};
    offset = (zone[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
  } else if (zone != "Z" && zone != "z") {
    return {};
  }
  return static_cast<std::int64_t>(timegm(&*parts)) - offset;
}

std::string rfc3339(std::int64_t instant) {
  const std::time_t seconds = static_cast<std::time_t>(instant);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char buffer[40];
  return {buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::optional<std::int64_t> parse_since(std::string_view text, std::int64_t now) {
  if (text.empty()) return {};
  if (text == "today") {
    const std::time_t seconds = static_cast<std::time_t>(now);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
    parts.tm_isdst = -1;
    return static_cast<std::int64_t>(std::mktime(&parts));
  }
  if (const auto instant = parse_rfc3339(text)) return instant;
  if (text.size() == 10)
    if (auto parts = parse_date(text)) return static_cast<std::int64_t>(std::mktime(&*parts));
  std::int64_t unit = 0;
  switch (text.back()) {
    case 's':
      unit = 1;
      break;
    case 'm':
      unit = 60;
      break;
    case 'h':
      unit = 3600;
      break;
    case 'd':
      unit = 86400;
      break;
    case 'w':
      unit = 7 * 86400;
      break;
    default:
      return {};
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size() - 1, number);
  // A hundred years bound the product and are longer than any ledger.
  if (error != std::errc() || end != text.data() + text.size() - 1 || number < 0 ||
      number > 100 * 366 * 86400ll / unit)
    return {};
  return now - number * unit;
}

std::string relative(std::int64_t instant, std::int64_t now) {
  const std::int64_t distance = instant > now ? instant - now : now - instant;
  std::string amount;
  if (distance < 5) return "just now";
  if (distance < 60)
    amount = count(distance, "second");
  else if (distance < 3600)
    amount = count(distance / 60, "minute");
  else if (distance < 2 * 86400)
    amount = count(distance / 3600, "hour");
  else
    amount = count(distance / 86400, "day");
  return instant > now ? "in " + amount : amount + " ago";
}

std::string local_time(std::int64_t instant, bool seconds) {
  const std::time_t time = static_cast<std::time_t>(instant);
  std::tm parts{};
  localtime_r(&time, &parts);
  char buffer[40];
  return {buffer,
          std::strftime(buffer, sizeof buffer, seconds ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M", &parts)};
}

std::string moment(std::string_view text, std::int64_t now) {
  const auto instant = parse_rfc3339(text);
  return instant ? relative(*instant, now) + " (" + local_time(*instant) + ")" : plain(text);
}

std::string date(std::string_view text) {
  const auto instant = parse_rfc3339(text);
  return instant ? local_time(*instant).substr(0, 10) : plain(text);
}

}  // namespace qcloud::cli
