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
bool mail_char(char c) { return alnum(c) || std::string_view("._%+-").find(c) != std::string_view::npos; }

template <class P>
size_t run(std::string_view text, P allowed) {
  size_t n = 0;
  while (n < text.size() && allowed(text[n])) ++n;
  return n;
}

Maybe pem(std::string_view text) {
  if (!text.starts_with("-----BEGIN ")) return std::nullopt;
  size_t end = text.find("-----END ");
  if (end == std::string_view::npos) return Match{text.size(), "[pem]"};
  size_t close = text.find("-----", end + 9);
  return Match{close == std::string_view::npos ? text.size() : close + 5, "[pem]"};
}

Maybe mail(std::string_view text) {
  // mail_char takes '%', so the local part of a URL-encoded address ends inside its own "%40".
  size_t local = run(text, mail_char);
  size_t at = local;
  size_t sign = 1;
  if (at == 0) return std::nullopt;
  if (at >= text.size() || text[at] != '@') {
    at = text.substr(0, local).find("%40");
    sign = 3;
    if (at == std::string_view::npos || at == 0) return std::nullopt;
  }
  size_t domain = run(text.substr(at + sign), [](char c) { return alnum(c) || c == '.' || c == '-'; });
  if (domain == 0) return std::nullopt;
  return Match{at + sign + domain, "[mail]"};
}

Maybe mac(std::string_view text) {
  for (char separator : {':', '-'}) {
    bool good = text.size() >= 17;
    for (size_t i = 0; good && i < 17; ++i)
      good = i % 3 == 2 ? text[i] == separator : hex(text[i]);
    if (good && (text.size() == 17 || (!alnum(text[17]) && text[17] != separator)))
      return Match{17, "[mac]"};
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
  if (at < text.size() && (digit(text[at]) || (text[at] == '.' && at + 1 < text.size() && digit(text[at + 1]))))
    return std::nullopt;
  return Match{at, std::string(text.substr(0, last)) + "x"};
}

Maybe ipv6(std::string_view text) {
  size_t length = run(text, [](char c) { return hex(c) || c == ':' || c == '.'; });
  while (length > 0 && text[length - 1] == '.') --length;
  if (length > 0 && text[length - 1] == ':' && !text.substr(0, length).ends_with("::")) --length;
  auto word = text.substr(0, length);
  auto colons = std::count(word.begin(), word.end(), ':');
  bool shortened = word.find("::") != std::string_view::npos;
  if (colons < 2 || (!shortened && colons != 7 && word.find('.') == std::string_view::npos)) return std::nullopt;
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
  return Match{length, kept.empty() ? "::x" : kept + ":x"};
}

Maybe keyed(std::string_view text) {
  static constexpr std::array<std::string_view, 13> telling = {
      "serial", "password", "passwd", "secret", "token", "device_code", "user_code", "cloud_key",
      "authorization", "cookie", "private_key", "license_key", "api_key"};
  size_t word = run(text, [](char c) { return alnum(c) || c == '_' || c == '-'; });
  std::string name;
  for (char c : text.substr(0, word))
    name += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  bool known = std::any_of(telling.begin(), telling.end(),
                           [&](std::string_view key) { return name.find(key) != std::string::npos; });
  if (!known) return std::nullopt;
  size_t at = word;
  auto skip = [&](std::string_view set) {
    size_t before = at;
    while (at < text.size() && set.find(text[at]) != std::string_view::npos) ++at;
    return at > before;
  };
  skip("\"'\\");
  size_t before = at;
  skip(" ");
  if (at >= text.size() || (text[at] != '=' && text[at] != ':')) {
    // "serial number Q1234": a word in between, then a value with a digit in it.
    at = before;
    return std::nullopt;
  }
  ++at;
  skip(" \"'\\");
  if (text.substr(at).starts_with("Basic ") || text.substr(at).starts_with("Bearer ")) at = text.find(' ', at) + 1;
  size_t value = run(text.substr(at), [](char c) { return token_char(c) || c == '.' || c == '%' || c == '~'; });
  if (value == 0) return std::nullopt;
  return Match{at + value, std::string(text.substr(0, at)) + "[removed]"};
}

Maybe long_token(std::string_view text) {
  size_t length = run(text, [](char c) { return token_char(c) || c == '.'; });
  auto word = text.substr(0, length);
  if (word.starts_with("eyJ") && std::count(word.begin(), word.end(), '.') >= 1) return Match{length, "[token]"};
  size_t solid = run(text, [](char c) { return alnum(c) || c == '_' || c == '-'; });
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
    bool word_starts = at == 0 || !alnum(text[at - 1]);
    Maybe match = pem(rest);
    if (!match && word_starts)
      for (auto* known : {keyed, mail, mac, ipv6, ipv4, long_token})
        if ((match = known(rest))) break;
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
