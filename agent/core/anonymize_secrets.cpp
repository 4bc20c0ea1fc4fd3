// What is known by its shape or its place, not by a key: tokens, serial numbers, names in paths.
#include <algorithm>

#include "agent/core/anonymize_view.hpp"

namespace qcloud::anonymizing {
namespace {

bool solid_char(char c) { return alnum(c) || c == '_' || c == '-'; }
bool base64_char(char c) { return alnum(c) || one_of(c, "+/_-"); }

// How often the kind of character changes: in random text at every second place, in words and paths seldom.
size_t changes(std::string_view word) {
  auto kind = [](char c) { return digit(c) ? 1 : upper(c) ? 2 : letter(c) ? 3 : 0; };
  size_t count = 0;
  for (size_t i = 1; i < word.size(); ++i)
    if (kind(word[i]) && kind(word[i - 1]) && kind(word[i]) != kind(word[i - 1])) ++count;
  return count;
}

bool random_looking(std::string_view word) {
  bool digits = std::any_of(word.begin(), word.end(), digit);
  return word.size() >= (digits ? 20 : 32) && changes(word) * 4 >= word.size();
}

void cut_pem(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '-' || !(has_at(text, at, "-----begin ") || has_at(text, at, "---- begin "))) continue;
    size_t end = at + 11;
    while (end < text.size() && !has_at(text, end, "-----end ") && !has_at(text, end, "---- end ")) ++end;
    if (end < text.size()) {
      auto close = text.find("----", end + 9);
      end = close == std::string::npos ? text.size()
                                       : close + run(text, close, [](char c) { return c == '-'; });
    }
    cuts.add(view, at, end, "[pem]");
    at = end;
  }
}

// Runs of token characters: JWTs, hashes, keys in base64, identifiers.
void cut_runs(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  auto each = [&](auto allowed, auto wanted) {
    for (size_t at = 0; at < text.size();) {
      size_t length = run(text, at, allowed);
      auto word = std::string_view(text).substr(at, length);
      auto padding = run(text, at + length, [](char c) { return c == '='; });
      if (length > 0 && wanted(word)) cuts.add(view, at, at + length + padding, "[token]");
      at += std::max<size_t>(length, 1);
    }
  };
  each([](char c) { return base64_char(c) || c == '.'; },
       [](std::string_view word) {
         auto at = word.find("eyJ");
         return at != std::string_view::npos && word.find('.', at) != std::string_view::npos;
       });
  each(solid_char, [](std::string_view word) {
    return (word.size() >= 32 && std::any_of(word.begin(), word.end(), digit)) || random_looking(word);
  });
  each(base64_char, [](std::string_view word) { return random_looking(word); });
  // Sixteen hexadecimal digits and more; a number has no letters.
  each(alnum, [](std::string_view word) {
    return word.size() >= 16 && std::all_of(word.begin(), word.end(), hex) &&
           std::any_of(word.begin(), word.end(), digit) && std::any_of(word.begin(), word.end(), letter);
  });
}

// "Bearer TOKEN", "Basic BASE64" (RFC 6750, RFC 7617), without the header's name before it.
void cut_credentials(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  for (size_t at = 0; at < text.size(); ++at) {
    if (!letter(text[at]) || (at > 0 && alnum(text[at - 1]))) continue;
    for (std::string_view scheme : {"bearer", "basic", "digest", "negotiate", "apikey"}) {
      if (!has_at(text, at, scheme)) continue;
      size_t begin = at + scheme.size();
      size_t blanks = run(text, begin, blank);
      if (blanks == 0) continue;
      begin += blanks;
      size_t length = run(text, begin, [](char c) { return base64_char(c) || one_of(c, ".~="); });
      auto word = std::string_view(text).substr(begin, length);
      bool spoken = std::all_of(word.begin(), word.end(), [](char c) { return letter(c) && !upper(c); });
      if (length >= 6 && !spoken) cuts.add(view, begin, begin + length, "[removed]");
    }
  }
}

// RFC 8628 section 6.1: two groups of four consonants.
void cut_user_codes(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  auto consonant = [](char c) { return letter(c) && !one_of(lower(c), "aeiouy"); };
  for (size_t dash = 4; dash + 4 < text.size(); ++dash) {
    if (text[dash] != '-' || run(text, dash - 4, consonant) != 4 || run(text, dash + 1, consonant) != 4)
      continue;
    bool alone = (dash == 4 || !solid_char(text[dash - 5])) &&
                 (dash + 5 >= text.size() || !solid_char(text[dash + 5]));
    if (alone) cuts.add(view, dash - 4, dash + 5, "[removed]");
  }
}

// Digits, then a unit: "1500000000ns".
bool measured(std::string_view word) {
  size_t digits = run(word, 0, digit);
  auto unit = lower(word.substr(digits));
  static constexpr std::string_view units[] = {"ns",  "us",  "ms",  "s",   "b",  "kb",  "mb",  "gb",  "tb",
                                               "kib", "mib", "gib", "tib", "hz", "khz", "mhz", "ghz", "z"};
  return digits > 0 && std::find(std::begin(units), std::end(units), unit) != std::end(units);
}

// Letters among digits, nine to thirteen of them: Q204I12345, 2040PDN123456.
bool like_serial(std::string_view word) {
  auto digits = std::count_if(word.begin(), word.end(), digit);
  auto letters = static_cast<std::ptrdiff_t>(word.size()) - digits;
  bool compact_time = run(word, 0, digit) == 8 && lower(word[std::min<size_t>(8, word.size() - 1)]) == 't';
  return word.size() >= 9 && word.size() <= 13 && digits >= 5 && letters >= 1 && !measured(word) &&
         !(has_at(word, 0, "0x") && word.size() <= 10) && !compact_time;
}

}  // namespace

void cut_tokens(const View& view, Cuts& cuts) {
  cut_pem(view, cuts);
  cut_runs(view, cuts);
  cut_credentials(view, cuts);
  cut_user_codes(view, cuts);
}

void cut_serials(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  for (size_t at = 0; at < text.size();) {
    size_t length = run(text, at, alnum);
    if (length > 0 && like_serial(std::string_view(text).substr(at, length)))
      cuts.add(view, at, at + length, "[serial]");
    at += std::max<size_t>(length, 1);
  }
}

void cut_places(const View& view, Cuts& cuts) {
  const std::string& text = view.text();
  // RFC 3986 section 3.2.1: user information before the host.
  for (size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    size_t end = at + 3;
    while (end < text.size() && !one_of(text[end], "@/?#\"'<> \n\r\t")) ++end;
    if (end < text.size() && text[end] == '@') cuts.add(view, at + 3, end, "[removed]");
  }
  // curl -u NAME:PASSWORD
  for (size_t at = text.find(" -u "); at != std::string::npos; at = text.find(" -u ", at + 4)) {
    size_t end = at + 4 + run(text, at + 4, [](char c) { return !one_of(c, " \t\n\r"); });
    if (text.substr(at + 4, end - at - 4) != "[removed]") cuts.add(view, at + 4, end, "[removed]");
  }
  // A person's folder, below the folder of all of them.
  auto separator = [](char c) { return c == '/' || c == '\\'; };
  for (size_t at = 0; at < text.size(); ++at) {
    if (!separator(text[at])) continue;
    for (std::string_view folder : {"home", "homes", "users"}) {
      size_t end = at + 1 + folder.size();
      if (!has_at(text, at + 1, folder) || end >= text.size() || !separator(text[end])) continue;
      size_t begin = end + run(text, end, separator);
      end = begin + run(text, begin, [](char c) { return !one_of(c, "/\\\"'<>:;,?&|\n\r\t "); });
      if (end > begin && text.substr(begin, end - begin) != "[removed]")
        cuts.add(view, begin, end, "[removed]");
    }
  }
}

void cut_known(const View& view, const std::vector<std::pair<std::string, bool>>& known, Cuts& cuts) {
  if (known.empty()) return;
  std::string text = lower(view.text());
  for (const auto& [value, whole_word] : known)
    for (size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + 1)) {
      size_t end = at + value.size();
      bool inside = (at > 0 && alnum(text[at - 1])) || (end < text.size() && alnum(text[end]));
      if (!whole_word || !inside) cuts.add(view, at, end, "[removed]");
    }
}

}  // namespace qcloud::anonymizing
