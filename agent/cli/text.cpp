#include "agent/cli/text.hpp"

#include <boost/json/serialize.hpp>
#include <cstdio>

namespace qcloud::cli {
namespace {

struct Glyph {
  char32_t code;       // 0xFFFD for broken UTF-8
  std::size_t length;  // bytes consumed, at least 1
};

/// The code point at the start of `s` (not empty). Overlong forms and surrogates are broken.
Glyph first(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || s.size() < length) return {0xFFFD, 1};
  char32_t code = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0xFFFD, 1};
    code = code << 6 | (byte(i) & 0x3F);
  }
  const char32_t least = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
  if (code < least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {0xFFFD, 1};
  return {code, length};
}

/// What a terminal obeys (C0, DEL, C1) or what silently changes the order or the
/// look of a line (bidirectional marks, zero-width characters, line separators).
bool obeyed(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xE0000 && c <= 0xE007F);
}

/// JSON text is ASCII-safe below 0x20 already; the rest can only stand inside strings.
std::string escaped(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const Glyph glyph = first(json);
    if (glyph.code >= 0x7F && glyph.code <= 0xFFFF && obeyed(glyph.code)) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(glyph.code));
      out += buffer;
    } else if (glyph.code > 0xFFFF && obeyed(glyph.code)) {
      out += "\\ufffd";
    } else {
      out += json.substr(0, glyph.length);
    }
    json.remove_prefix(glyph.length);
  }
  return out;
}

void pretty(const boost::json::value& value, std::size_t depth, std::string& out) {
  const auto line = [&](std::size_t level) { out += '\n' + std::string(level * 2, ' '); };
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += '{';
    for (bool comma = false; const auto& [key, member] : *object) {
      if (std::exchange(comma, true)) out += ',';
      line(depth + 1);
      out += escaped(boost::json::serialize(boost::json::string(key))) + ": ";
      pretty(member, depth + 1, out);
    }
    line(depth);
    out += '}';
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += '[';
    for (bool comma = false; const auto& member : *array) {
      if (std::exchange(comma, true)) out += ',';
      line(depth + 1);
      pretty(member, depth + 1, out);
    }
    line(depth);
    out += ']';
  } else {
    out += escaped(boost::json::serialize(value));
  }
}

}  // namespace

std::string plain(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Glyph glyph = first(text);
    if (glyph.code == '\n' || glyph.code == '\t' || glyph.code == '\r')
      out += ' ';
    else if (glyph.code == 0xFFFD || obeyed(glyph.code))
      out += "\xEF\xBF\xBD";
    else
      out += text.substr(0, glyph.length);
    text.remove_prefix(glyph.length);
  }
  return out;
}

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  for (; !text.empty(); text.remove_prefix(first(text).length)) ++columns;
  return columns;
}

std::string pad(std::string_view text, std::size_t columns) {
  const std::size_t taken = width(text);
  return std::string(text) + std::string(taken < columns ? columns - taken : 0, ' ');
}

std::string wrap(std::string_view text, std::size_t indent, std::size_t columns) {
  std::string out;
  std::size_t column = indent;
  while (true) {
    const std::size_t start = text.find_first_not_of(' ');
    if (start == std::string_view::npos) return out;
    text.remove_prefix(start);
    const std::string_view word = text.substr(0, text.find(' '));
    if (column != indent && column + 1 + width(word) > columns) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column != indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width(word);
    text.remove_prefix(word.size());
  }
}

std::string paint(const Look& look, Tone tone, std::string_view text) {
  if (!look.color || text.empty()) return std::string(text);
  const char* code = "";
  switch (tone) {
    case Tone::good:
      code = "32";
      break;
    case Tone::warning:
      code = "33";
      break;
    case Tone::bad:
      code = "31;1";
      break;
    case Tone::faint:
      code = "2";
      break;
    case Tone::strong:
      code = "1";
      break;
  }
  return std::string("\x1b[") + code + 'm' + std::string(text) + "\x1b[0m";
}

std::string count(std::int64_t number, std::string_view noun) {
  return std::to_string(number) + ' ' + std::string(noun) + (number == 1 ? "" : "s");
}

std::string bytes(std::int64_t number) {
  if (number < 1000) return count(number, "byte");
  double scaled = static_cast<double>(number);
  const char* const units[] = {"kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  // 999.95 and not 1000: "1000.0 kB" would be a megabyte with the wrong name.
  for (scaled /= 1000; scaled >= 999.95 && unit < 3; ++unit) scaled /= 1000;
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%.1f %s", scaled, units[unit]);
  return buffer;
}

std::string json_line(const boost::json::value& value) {
  return escaped(boost::json::serialize(value)) + '\n';
}

std::string json_pretty(const boost::json::value& value) {
  std::string out;
  pretty(value, 0, out);
  return out + '\n';
}

}  // namespace qcloud::cli
