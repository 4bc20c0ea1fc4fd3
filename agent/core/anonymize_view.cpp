#include "agent/core/anonymize_view.hpp"

#include <algorithm>
#include <optional>

namespace qcloud::anonymizing {
namespace {

int hex_value(char c) { return digit(c) ? c - '0' : lower(c) - 'a' + 10; }

std::optional<unsigned> number(std::string_view text, size_t at, size_t digits, unsigned base) {
  if (at + digits > text.size()) return std::nullopt;
  unsigned value = 0;
  for (size_t i = at; i < at + digits; ++i) {
    if (base == 16 ? !hex(text[i]) : !digit(text[i])) return std::nullopt;
    value = value * base + static_cast<unsigned>(hex_value(text[i]));
  }
  return value;
}

std::string utf8(unsigned code) {
  auto byte = [](unsigned value) { return static_cast<char>(value); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f))};
  return {byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f))};
}

struct Escape {
  size_t length;
  std::string meaning;
};

std::optional<Escape> reference(std::string_view text, size_t at) {
  bool sixteen = at + 2 < text.size() && lower(text[at + 2]) == 'x';
  size_t begin = at + (sixteen ? 3 : 2);
  size_t digits = 0;
  while (digits < 6 && begin + digits < text.size() && hex(text[begin + digits])) ++digits;
  if (digits == 0 || begin + digits >= text.size() || text[begin + digits] != ';') return std::nullopt;
  auto code = number(text, begin, digits, sixteen ? 16 : 10);
  if (!code || *code < 0x20 || *code > 0xffff) return std::nullopt;
  return Escape{begin + digits + 1 - at, utf8(*code)};
}

std::optional<Escape> escape_at(std::string_view text, size_t at) {
  char next = at + 1 < text.size() ? text[at + 1] : '\0';
  if (text[at] == '%') {
    auto code = number(text, at + 1, 2, 16);
    if (!code || (*code < 0x20 && *code != '\n' && *code != '\r' && *code != '\t')) return std::nullopt;
    return Escape{3, std::string(1, static_cast<char>(*code))};
  }
  if (text[at] == '\\') {
    if (next == '"' || next == '\'' || next == '/' || next == '\\') return Escape{2, std::string(1, next)};
    if (next == 'n' || next == 'r') return Escape{2, "\n"};
    if (next == 't') return Escape{2, "\t"};
    if (next != 'u') return std::nullopt;
    auto code = number(text, at + 2, 4, 16);
    if (!code || *code < 0x20) return std::nullopt;
    return Escape{6, utf8(*code)};
  }
  if (text[at] == '&' && next == '#') return reference(text, at);
  return std::nullopt;
}

}  // namespace

View::View(std::string_view text) : text_(text) {}

View View::decoded(std::string_view text) {
  View view(text);
  if (text.find_first_of("%\\&") == std::string_view::npos) return view;
  for (int level = 0; level < 3; ++level) {
    View next;
    bool found = false;
    for (size_t at = 0; at < view.text_.size();) {
      auto escape = escape_at(view.text_, at);
      size_t length = escape ? escape->length : 1;
      found = found || escape;
      for (char c : escape ? escape->meaning : std::string(1, view.text_[at])) {
        next.text_ += c;
        next.at_.push_back(view.from(at));
        next.ends_.push_back(view.to(at + length));
      }
      at += length;
    }
    if (!found) return view;
    next.same_ = false;
    view = std::move(next);
  }
  return view;
}

std::string Cuts::splice(std::string_view text) {
  std::stable_sort(cuts_.begin(), cuts_.end(), [](const Cut& a, const Cut& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  std::string out;
  out.reserve(text.size());
  size_t at = 0;
  for (size_t i = 0; i < cuts_.size();) {
    const Cut& first = cuts_[i];
    size_t end = first.end;
    size_t next = i + 1;
    while (next < cuts_.size() && cuts_[next].begin < end) end = std::max(end, cuts_[next++].end);
    out += text.substr(at, first.begin - at);
    out += first.with;
    at = end;
    i = next;
  }
  out += text.substr(at);
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    // U+00C0..U+00DE, but the multiplication sign: their small letters are 0x20 further.
    bool latin = i > 0 && static_cast<unsigned char>(text[i - 1]) == 0xc3 && byte >= 0x80 && byte <= 0x9e &&
                 byte != 0x97;
    out += latin ? static_cast<char>(byte + 0x20) : lower(text[i]);
  }
  return out;
}

bool has_at(std::string_view text, size_t at, std::string_view word) {
  if (at + word.size() > text.size()) return false;
  for (size_t i = 0; i < word.size(); ++i)
    if (lower(text[at + i]) != word[i]) return false;
  return true;
}

}  // namespace qcloud::anonymizing
