#include "agent/core/anonymize.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

// One pass from left to right. At the start of each word the matchers below are asked in turn; the
// first that knows the word replaces it. They look at text only: an address is masked wherever it
// stands, in JSON, in a URL or in a file name.
namespace qcloud {
namespace {

struct Match {
  size_t length;
  std::string replacement;
};
using Maybe = std::optional<Match>;

bool alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
bool token_char(char c) { return alnum(c) || c == '-' || c == '_' || c == '+' || c == '/' || c == '='; }
bool solid_char(char c) { return alnum(c) || c == '_' || c == '-'; }
// RFC 6532: names of people and hosts are not only ASCII.
bool beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool mail_char(char c) {
  return alnum(c) || beyond_ascii(c) || std::string_view("._%+-").find(c) != std::string_view::npos;
}

template <class P>
size_t run(std::string_view text, P allowed) {
  size_t n = 0;
  while (n < text.size() && allowed(text[n])) ++n;
  return n;
}
// For what has a length that it cannot exceed; so that hostile text costs no quadratic time.
constexpr size_t longest_name = 320, longest_address = 46;

Maybe pem(std::string_view text) {
  if (!text.starts_with("-----BEGIN ")) return std::nullopt;
  size_t end = text.find("-----END ");
  if (end == std::string_view::npos) return Match{text.size(), "[pem]"};
  size_t close = text.find("-----", end + 9);
  return Match{close == std::string_view::npos ? text.size() : close + 5, "[pem]"};
}

Maybe mail(std::string_view text) {
  // mail_char takes '%', so the local part of a URL-encoded address ends inside its own "%40".
  size_t local = run(text.substr(0, longest_name), mail_char);
  size_t at = local;
  size_t sign = 1;
  if (at == 0) return std::nullopt;
  if (at >= text.size() || text[at] != '@') {
    at = text.substr(0, local).find("%40");
    sign = 3;
    if (at == std::string_view::npos || at == 0) return std::nullopt;
  }
  size_t domain =
      run(text.substr(at + sign), [](char c) { return alnum(c) || beyond_ascii(c) || c == '.' || c == '-'; });
  if (domain == 0) return std::nullopt;
  return Match{at + sign + domain, "[mail]"};
}

Maybe mac(std::string_view text) {
  for (char separator : {':', '-'}) {
    bool good = text.size() >= 17;
    for (size_t i = 0; good && i < 17; ++i) good = i % 3 == 2 ? text[i] == separator : hex(text[i]);
    // "a0:b1:c2:d3:e4:f5: no answer" and "backup-a0-b1-c2-d3-e4-f5-1.zip" are addresses too.
    if (good && (text.size() == 17 || !alnum(text[17]))) return Match{17, "[mac]"};
  }
  bool dotted = text.size() >= 14;
  for (size_t i = 0; dotted && i < 14; ++i) dotted = i % 5 == 4 ? text[i] == '.' : hex(text[i]);
  if (dotted && (text.size() == 14 || !alnum(text[14]))) return Match{14, "[mac]"};
  return std::nullopt;
}

Maybe ipv4(std::string_view text) {
  size_t at = 0;
  size_t last = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (at >= text.size() || text[at] != '.') return std::nullopt;
      ++at;
    }
    size_t digits = run(text.substr(at), digit);
    if (digits == 0 || digits > 3) return std::nullopt;
    last = at;
    at += digits;
  }
  if (at < text.size() &&
      (digit(text[at]) || (text[at] == '.' && at + 1 < text.size() && digit(text[at + 1]))))
    return std::nullopt;
  return Match{at, std::string(text.substr(0, last)) + "x"};
}

Maybe ipv6(std::string_view text) {
  size_t length = run(text.substr(0, longest_address), [](char c) { return hex(c) || c == ':' || c == '.'; });
  while (length > 0 && text[length - 1] == '.') --length;
  if (length > 0 && text[length - 1] == ':' && !text.substr(0, length).ends_with("::")) --length;
  auto word = text.substr(0, length);
  auto colons = std::count(word.begin(), word.end(), ':');
  bool shortened = word.find("::") != std::string_view::npos;
  // Six colons before a dotted quad; "10:20:30.123" is a time.
  bool embeds_ipv4 = colons == 6 && ipv4(word.substr(word.rfind(':') + 1));
  if (colons < 2 || (!shortened && colons != 7 && !embeds_ipv4)) return std::nullopt;
  if (shortened && word.size() < 4 && word != "::1") return std::nullopt;
  // Keep the groups before the first "::", three at most: 48 bits.
  std::string kept;
  int groups = 0;
  size_t at = 0;
  while (at < word.size() && groups < 3) {
    size_t n = run(word.substr(at), hex);
    if (n == 0 || n > 4 || at + n >= word.size() || word[at + n] != ':') break;
    kept += std::string(word.substr(at, n)) + ":";
    at += n + 1;
    ++groups;
  }
  // Masked already: a bundle holds lines of the log.
  if (word.ends_with("::") && length < text.size() && text[length] == 'x') ++length;
  return Match{length, kept.empty() ? "::x" : kept + ":x"};
}

Maybe keyed(std::string_view text) {
  static constexpr std::array<std::string_view, 13> telling = {
      "serial",    "password",      "passwd", "secret",      "token",       "device_code", "user_code",
      "cloud_key", "authorization", "cookie", "private_key", "license_key", "api_key"};
  size_t word = run(text.substr(0, longest_name), solid_char);
  std::string name;
  for (char c : text.substr(0, word))
    name += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  bool known = std::any_of(telling.begin(), telling.end(),
                           [&](std::string_view key) { return name.find(key) != std::string::npos; });
  if (!known) return std::nullopt;
  size_t at = word;
  auto skip = [&](std::string_view set) {
    while (at < text.size() && set.find(text[at]) != std::string_view::npos) ++at;
  };
  // "Serial number: Q1234": a word in between.
  if (run(text.substr(at), [](char c) { return c == ' '; }) == 1) {
    size_t more = run(text.substr(at + 1, longest_name), alnum);
    size_t after = at + 1 + more;
    if (more > 0 && after < text.size() && (text[after] == ':' || text[after] == '=')) at = after;
  }
  skip("\"'\\");
  skip(" ");
  if (at >= text.size() || (text[at] != '=' && text[at] != ':')) return std::nullopt;
  ++at;
  skip(" ");
  size_t backslashes = at;
  skip("\\");
  bool escaped = at > backslashes;
  char quote = at < text.size() && (text[at] == '"' || text[at] == '\'') ? text[at++] : '\0';
  bool whole_line =
      name.find("cookie") != std::string::npos || name.find("authorization") != std::string::npos;
  size_t end = at;
  if (quote != '\0' || whole_line) {
    // Up to the closing quote, blanks and escaped quotes included; a header up to the end of its line.
    while (end < text.size() && text[end] != '\n' && text[end] != '\r' &&
           (quote == '\0' || text[end] != quote))
      end += text[end] == '\\' && !escaped ? 2 : 1;
    end = std::min(end, text.size());
    if (escaped && end > at && text[end - 1] == '\\') --end;
  } else {
    end += run(text.substr(at), [](char c) { return token_char(c) || c == '.' || c == '%' || c == '~'; });
  }
  if (end == at) return std::nullopt;
  return Match{end, std::string(text.substr(0, at)) + "[removed]"};
}

Maybe long_token(std::string_view text) {
  if (text.starts_with("eyJ")) {
    size_t length = run(text, [](char c) { return token_char(c) || c == '.'; });
    if (text.substr(0, length).find('.') != std::string_view::npos) return Match{length, "[token]"};
  }
  size_t solid = run(text, solid_char);
  auto body = text.substr(0, solid);
  // A path or a sentence is not a token: it needs both letters and digits, and length.
  if (solid < 32 || std::none_of(body.begin(), body.end(), digit)) return std::nullopt;
  return Match{solid, "[token]"};
}

}  // namespace

std::string anonymize(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    auto rest = text.substr(at);
    char before = at == 0 ? ' ' : text[at - 1];
    Maybe match = pem(rest);
    if (!match && !alnum(before))
      for (auto* known : {keyed, mail, ipv6, mac})
        if ((match = known(rest))) break;
    // "v5.6.7.8" holds an address too.
    if (!match && !digit(before)) match = ipv4(rest);
    if (!match && (!solid_char(before) || (!alnum(before) && rest.starts_with("eyJ"))))
      match = long_token(rest);
    if (match && match->length > 0) {
      out += match->replacement;
      at += match->length;
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace qcloud
