// What the anonymizer's matchers look at: the text as it stands, or as a reader would decode it, with
// the way back to the bytes it came from. And what they find: cuts, which never hide text from each
// other: where cuts overlap, all of it goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qcloud::anonymizing {

class View {
 public:
  // The text itself.
  explicit View(std::string_view text);
  // Percent escapes (RFC 3986), JSON escapes (RFC 8259) and numeric character references of HTML read as
  // what they stand for, three levels deep. Empty when nothing was escaped.
  static View decoded(std::string_view text);

  const std::string& text() const { return text_; }
  bool same() const { return same_; }
  // The bytes of the original that became the characters [begin, end).
  size_t from(size_t begin) const { return same_ ? begin : at_[begin]; }
  size_t to(size_t end) const { return same_ ? end : end == 0 ? 0 : ends_[end - 1]; }
  // Was this character written as it is?
  bool plain(size_t at) const { return same_ || ends_[at] - at_[at] == 1; }

 private:
  View() = default;
  std::string text_;
  std::vector<size_t> at_, ends_;  // per character; empty when the text is the original
  bool same_ = true;
};

struct Cut {
  size_t begin, end;
  std::string with;
};

// Collects cuts of one view in terms of the original.
class Cuts {
 public:
  void add(const View& view, size_t begin, size_t end, std::string with) {
    if (begin < end) cuts_.push_back({view.from(begin), view.to(end), std::move(with)});
  }
  // The text without what was cut.
  std::string splice(std::string_view text);
  bool empty() const { return cuts_.empty(); }

 private:
  std::vector<Cut> cuts_;
};

// The matchers. Each walks the whole view, in time that grows with its length.
void cut_known(const View& view, const std::vector<std::pair<std::string, bool>>& known, Cuts& cuts);
void cut_mail(const View& view, Cuts& cuts);
void cut_mac(const View& view, Cuts& cuts);
void cut_ip(const View& view, Cuts& cuts);
void cut_keyed(const View& view, Cuts& cuts);
void cut_tokens(const View& view, Cuts& cuts);
void cut_serials(const View& view, Cuts& cuts);
void cut_places(const View& view, Cuts& cuts);  // user info in URLs, home folders

// Characters, without a locale.
inline bool digit(char c) { return c >= '0' && c <= '9'; }
inline bool upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool letter(char c) { return upper(c) || (c >= 'a' && c <= 'z'); }
inline bool alnum(char c) { return letter(c) || digit(c); }
inline bool hex(char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
// RFC 6532: names of people and hosts are not only ASCII.
inline bool beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }
inline bool blank(char c) { return c == ' ' || c == '\t'; }
inline bool one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }
inline char lower(char c) { return upper(c) ? static_cast<char>(c + 32) : c; }
// ASCII, and the Latin letters of UTF-8 that people have in their names.
std::string lower(std::string_view text);
// Does `text` have the lower-case `word` at `at`, in any case?
bool has_at(std::string_view text, size_t at, std::string_view word);

template <class P>
size_t run(std::string_view text, size_t at, P allowed) {
  size_t end = at;
  while (end < text.size() && allowed(text[end])) ++end;
  return end - at;
}

}  // namespace qcloud::anonymizing
