// Words on a terminal: what may be printed, how wide it is, how it is wrapped.
// Pure functions. Every text that came from outside passes through plain().
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace qcloud::cli {

/// How to show things; decided once, from the terminal, in Session.
struct Look {
  bool color = false;
  unsigned columns = 80;
  std::int64_t now = 0;  ///< Unix seconds, for "3 minutes ago"
};

enum class Tone { good, warning, bad, faint, strong };

/// `text` without anything that a terminal would obey or that would reorder the
/// line: controls, escapes, bidirectional marks and broken UTF-8 become U+FFFD;
/// line breaks and tabs become spaces. Server text could otherwise repaint the
/// screen of the administrator who reads it.
std::string plain(std::string_view text);

/// Columns that `text` takes, one per code point. Wide characters are not
/// counted twice: a table that is off by one column is better than a table of widths.
std::size_t width(std::string_view text);

/// `text` filled with spaces up to `columns`; never cut, a cut word misleads.
std::string pad(std::string_view text, std::size_t columns);

/// `text` broken between words so that no line passes `columns`, where the first line
/// starts at column `indent` already and the others are indented to it.
std::string wrap(std::string_view text, std::size_t indent, std::size_t columns);

std::string paint(const Look& look, Tone tone, std::string_view text);

/// "1 order", "2 orders".
std::string count(std::int64_t number, std::string_view noun);

/// "512 bytes", "1.2 kB" (powers of 1000).
std::string bytes(std::int64_t number);

/// One line of JSON with every control character escaped, C1 and marks included.
std::string json_line(const boost::json::value& value);

/// The same, indented for reading.
std::string json_pretty(const boost::json::value& value);

}  // namespace qcloud::cli
