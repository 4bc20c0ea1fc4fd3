// Values behind a telling key: `user=anna`, "serial": "Q204...", <token>...</token>, --password ..., S/N: ...
#include <algorithm>
#include <cstdint>

#include "agent/core/anonymize.hpp"
#include "agent/core/anonymize_view.hpp"

namespace qcloud {
namespace anonymizing {
namespace {

enum class Kind { none, line, secret, person, serial };

constexpr size_t longest_key = 64;

bool key_char(char c) { return alnum(c) || c == '_' || c == '-' || c == '.'; }

// Which letters a text has, one bit each: what lacks a letter of a part cannot hold it.
constexpr std::uint32_t letters_of(std::string_view text) {
  std::uint32_t letters = 0;
  for (char c : text)
    if (c >= 'a' && c <= 'z') letters |= 1u << (c - 'a');
  return letters;
}
struct Part {
  std::string_view text;
  std::uint32_t letters;
  constexpr Part(const char* part) : text(part), letters(letters_of(part)) {}
};

// Telling wherever they stand in a key, in lower case and with '_' for '-' and '.'.
constexpr Part line_parts[] = {"cookie", "authorization"};
constexpr Part secret_parts[] = {"password",     "passwd",
                                 "passphrase",   "passcode",
                                 "secret",       "token",
                                 "credential",   "device_code",
                                 "user_code",    "devicecode",
                                 "usercode",     "auth_code",
                                 "pairing_code", "verification_code",
                                 "apikey",       "privatekey",
                                 "licensekey",   "license_key",
                                 "licencekey",   "cloudkey",
                                 "session_id",   "sessionid",
                                 "device_id",    "deviceid",
                                 "machine_id",   "hardware_id",
                                 "hwid",         "thumbprint",
                                 "hwaddr",       "macaddr",
                                 "mac_addr",     "bssid",
                                 "signature",    "one_time"};
constexpr Part person_parts[] = {
    "account",     "login",       "logon",      "owner",      "user",      "email",         "e_mail",
    "full_name",   "fullname",    "real_name",  "realname",   "nick_name", "nickname",      "display_name",
    "displayname", "first_name",  "last_name",  "given_name", "surname",   "family_name",   "hostname",
    "host_name",   "device_name", "devicename", "nas_name",   "nasname",   "computer_name", "machine_name"};
constexpr Part serial_parts[] = {"serial", "seriennummer", "s_n"};
// Telling as a part between separators or capitals.
constexpr std::string_view secret_segments[] = {"pwd",  "pass",    "pw",   "otp", "psk",  "pin",
                                                "auth", "session", "sess", "mac", "ether"};
constexpr std::string_view person_segments[] = {"qid",   "uid",    "mail", "myqnapcloud",
                                                "phone", "mobile", "tel",  "nick"};
constexpr std::string_view innocent[] = {"user_agent", "useragent", "userspace", "user_space", "tokens_left"};

template <class List>
bool within_list(const List& list, std::string_view text) {
  auto letters = letters_of(text);
  return std::any_of(std::begin(list), std::end(list), [&](const Part& part) {
    return (part.letters & ~letters) == 0 && text.find(part.text) != std::string_view::npos;
  });
}
template <class List>
bool is_one(const List& list, std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

Kind kind_of_segment(std::string_view segment, bool alone) {
  if (segment.size() > 2 && segment.back() == 's' &&
      is_one(secret_segments, segment.substr(0, segment.size() - 1)))
    return Kind::secret;
  if (is_one(secret_segments, segment) || (segment == "key" && !alone)) return Kind::secret;
  if (is_one(person_segments, segment)) return Kind::person;
  return segment == "sn" ? Kind::serial : Kind::none;
}

Kind kind_of(std::string_view key) {
  std::string name;
  for (char c : key) name += c == '-' || c == '.' ? '_' : lower(c);
  while (name.starts_with('_')) name.erase(0, 1);
  if (name.size() < 2 || is_one(innocent, name)) return Kind::none;
  if (within_list(line_parts, name)) return Kind::line;
  if (within_list(secret_parts, name)) return Kind::secret;
  if (within_list(serial_parts, name)) return Kind::serial;
  if (within_list(person_parts, name)) return Kind::person;
  // "dsn", "hmac", "wlanmac", "ssid": those that end so mean the same, or another secret.
  if (name.size() <= 12 && (name.ends_with("sn") || name.starts_with("sn_"))) return Kind::serial;
  if (name.size() <= 12 && (name.ends_with("mac") || name.ends_with("pwd") || name.ends_with("sid")))
    return Kind::secret;
  for (bool capitals : {false, true}) {
    std::string segment;
    for (size_t i = 0; i <= key.size(); ++i) {
      bool separator = i == key.size() || !alnum(key[i]);
      bool capital = capitals && !separator && i > 0 && upper(key[i]) && !upper(key[i - 1]);
      if (separator || capital) {
        bool alone = segment.size() == name.size();
        if (auto kind = kind_of_segment(segment, alone); kind != Kind::none) return kind;
        segment.clear();
      }
      if (!separator) segment += lower(key[i]);
    }
  }
  return Kind::none;
}

// Words that follow "user" or "account" in a sentence, and are no name.
constexpr std::string_view ordinary[] = {
    "account", "accounts", "agent",   "allowed",   "an",     "and",   "answered", "are",      "as",
    "asked",   "at",       "by",      "can",       "cannot", "code",  "data",     "denied",   "did",
    "does",    "first",    "flow",    "for",       "from",   "group", "had",      "has",      "have",
    "id",      "in",       "input",   "interface", "is",     "list",  "login",    "may",      "mode",
    "must",    "name",     "names",   "no",        "not",    "of",    "on",       "or",       "page",
    "pages",   "password", "refused", "removed",   "said",   "says",  "session",  "settings", "space",
    "that",    "the",      "this",    "to",        "was",    "were",  "who",      "will",     "with",
    "failed",  "failure",  "error"};

class Keyed {
 public:
  Keyed(const View& view, Cuts& cuts) : view_(view), text_(view.text()), cuts_(cuts) {}

  void walk() {
    for (size_t at = 0; at < text_.size();) {
      if (has_at(text_, at, "s/n") && (at == 0 || !alnum(text_[at - 1])) && !alnum(char_at(at + 3)))
        value(Kind::serial, at, at + 3);
      size_t length = run(text_, at, key_char);
      // A key of more than any length is looked at by its end, which says what it is.
      size_t begin = length > longest_key ? at + length - longest_key : at;
      auto key = std::string_view(text_).substr(begin, at + length - begin);
      while (!key.empty() && (key.back() == '-' || key.back() == '.')) key.remove_suffix(1);
      if (!key.empty()) look_at(begin, key);
      at += std::max<size_t>(length, 1);
    }
  }

 private:
  char char_at(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  size_t blanks(size_t at) const { return at + run(text_, at, blank); }

  void look_at(size_t begin, std::string_view key) {
    size_t end = begin + key.size();
    auto kind = kind_of(key);
    // "Device name: Cellar", "user code: WDJB-MJHT": telling as two words.
    if (size_t named = over_word(end); kind == Kind::none && named != end)
      kind = kind_of(std::string(key) + "_" + text_.substr(blanks(end), named - blanks(end)));
    if (kind != Kind::none) value(kind, begin, end);
  }

  // "Serial number: Q1234", "user name = anna", "S/N no. Q1234": a word in between.
  size_t over_word(size_t at) const {
    static constexpr std::string_view words[] = {"number", "name", "no",  "nr",      "num",
                                                 "id",     "code", "key", "address", "#"};
    size_t begin = blanks(at);
    if (begin == at || begin - at > 2) return at;
    for (auto word : words) {
      size_t end = begin + word.size();
      if (!has_at(text_, begin, word) || alnum(char_at(end))) continue;
      return char_at(end) == '.' ? end + 1 : end;
    }
    return at;
  }

  void value(Kind kind, size_t key, size_t at) {
    size_t named = over_word(at);
    bool flag = key > 1 && text_[key - 1] == '-' && text_[key - 2] == '-';
    flag = flag || has_at(text_, key, "--");
    if (char_at(at) == '>' && key > 0 && text_[key - 1] == '<') {
      size_t end = text_.find('<', at);
      return cut(at + 1, end == std::string::npos ? text_.size() : end);
    }
    size_t end = named;
    while (one_of(char_at(end), "\"'\\)]") && end < text_.size()) ++end;
    bool quoted_key = end > named;
    size_t sign = blanks(end);
    char c = char_at(sign);
    if (sign < text_.size() && one_of(c, "=:|")) {
      bool nested = !view_.plain(sign);
      size_t next = sign + 1;
      while (one_of(char_at(next), "=>:") && next < text_.size()) ++next;
      size_t begin = blanks(next);
      // "Password:" and the value on the next line, as some forms are printed, is no value of ours.
      return after_sign(kind, begin, c == ':' && begin > next && !quoted_key, nested);
    }
    if (quoted_key || blanks(named) == named) return;
    // "the owner commands it" is a sentence of ours.
    if (kind != Kind::person || flag || !has_at(text_, key, "owner"))
      bare(kind, named > at, flag, blanks(named));
  }

  void after_sign(Kind kind, size_t at, bool prose, bool nested) {
    size_t begin = at;
    while (char_at(at) == '\\') ++at;
    bool escaped = at > begin;
    char open = char_at(at);
    if (size_t marked = marker(at)) {
      // Cut already; unless more of the value stands behind it.
      size_t end = unquoted(at + marked, nested);
      return end > at + marked ? cut(at, end) : void();
    }
    if (open == '[' || open == '{') return cut_bracket(at);
    bool quoted = open == '"' || open == '\'';
    if (quoted || kind == Kind::line) {
      size_t from = quoted ? at + 1 : at, end = from;
      size_t line = line_end(from);
      if (!quoted) end = line;
      while (end < line && text_[end] != open) end += text_[end] == '\\' && !escaped ? 2 : 1;
      end = std::min(end, line);
      if (escaped && end > from && text_[end - 1] == '\\') --end;
      return cut(from, end);
    }
    size_t end = unquoted(begin, nested);
    if (kind == Kind::person || (prose && kind == Kind::secret))
      end = further_words(end, prose ? 3 : 2, prose);
    cut(begin, end);
  }

  // Up to a blank, a quote or what separates in a URL; a comma or bracket ends it where something ends there.
  size_t unquoted(size_t at, bool nested) {
    // Keys in a row, each the value of the one before: all end at the same place.
    if (at >= last_.begin && at <= last_.end && nested == last_.nested) return last_.end;
    last_ = {at, at, nested};
    auto ends = [&](size_t i) {
      if (!(nested || view_.plain(i)) && !one_of(text_[i], "\n\r")) return false;
      if (one_of(text_[i], " \t\n\r\"'&<>|")) return true;
      if (!one_of(text_[i], ",;)]}")) return false;
      char next = char_at(i + 1);
      return i + 1 >= text_.size() || one_of(next, " \t\n\r\"'&<>|,;)]}\\");
    };
    while (at < text_.size() && !ends(at)) ++at;
    return last_.end = at;
  }

  size_t line_end(size_t at) {
    if (at < line_.begin || at > line_.end || line_.end == 0)
      line_ = {at, std::min(text_.find_first_of("\n\r", at), text_.size()), false};
    return line_.end;
  }

  // "Owner: Anna Maria Berg". In prose any word, else only what is written like a name.
  size_t further_words(size_t at, int words, bool prose) const {
    for (int i = 0; i < words && char_at(at) == ' '; ++i) {
      size_t begin = at + 1;
      size_t end = begin + run(text_, begin,
                               [](char c) { return letter(c) || beyond_ascii(c) || c == '-' || c == '\''; });
      char after = char_at(end);
      bool word = end > begin && (end >= text_.size() || one_of(after, " ,;.!?\n\r\")|"));
      bool name = prose || upper(text_[begin]) || beyond_ascii(text_[begin]);
      if (!word || !name) break;
      at = end;
    }
    return at;
  }

  // "[...]" and "{...}" behind a telling key go as a whole.
  void cut_bracket(size_t at) {
    int depth = 0;
    size_t end = at;
    for (; end < text_.size() && end - at < 4096; ++end) {
      depth += one_of(text_[end], "[{") ? 1 : one_of(text_[end], "]}") ? -1 : 0;
      if (depth == 0) break;
    }
    // One that does not end here is cut off: whoever it names stands in its first line.
    if (depth != 0) end = line_end(at);
    cut(at, std::min(end + 1, text_.size()));
  }

  // No sign between: "user anna", "serial no Q204I12345", "--token abc", "password for anna".
  void bare(Kind kind, bool named, bool flag, size_t at) {
    char open = char_at(at);
    if (marker(at)) return;
    if (one_of(open, "\"'<([") && at < text_.size()) {
      int most = 0;
      char close = open == '<' ? '>' : open == '(' ? ')' : open == '[' ? ']' : open;
      size_t end =
          at + 1 + run(text_, at + 1, [&](char c) { return c != close && c != '\n' && ++most < 256; });
      if (char_at(end) == close && most < 256) cut(open == '[' ? at : at + 1, open == '[' ? end + 1 : end);
      return;
    }
    if (kind == Kind::secret && has_at(text_, at, "for ")) {
      at = blanks(at + 4);
      for (std::string_view skip : {"invalid user ", "user "})
        if (has_at(text_, at, skip)) at += skip.size();
      kind = Kind::person;
    }
    for (std::string_view skip : {"is ", "was "})
      if (has_at(text_, at, skip)) at = blanks(at + skip.size());
    size_t end = unquoted(at, false);
    while (end > at && one_of(text_[end - 1], ".,:;!?)")) --end;
    auto word = std::string_view(text_).substr(at, end - at);
    if (word.empty() || !(flag || alnum(word[0]) || beyond_ascii(word[0]))) return;
    bool digits = std::any_of(word.begin(), word.end(), digit);
    bool wanted = flag;
    if (kind == Kind::serial) wanted = wanted || (word.size() >= 5 && digits);
    if (kind == Kind::person) wanted = wanted || named || digits || !is_one(ordinary, lower(word));
    if (kind == Kind::secret) wanted = wanted || (word.size() >= 6 && digits);
    if (wanted) cut(at, end);
  }

  void cut(size_t begin, size_t end) {
    if (begin < end && marker(begin) != end - begin) cuts_.add(view_, begin, end, "[removed]");
  }
  // The length of what an earlier cut left here; 0: none did.
  size_t marker(size_t at) const {
    for (std::string_view one : {"[removed]", "[mail]", "[mac]", "[ip]", "[serial]", "[token]", "[pem]"})
      if (char_at(at) == '[' && has_at(text_, at, one)) return one.size();
    return 0;
  }

  const View& view_;
  const std::string& text_;
  Cuts& cuts_;
  struct Seen {
    size_t begin = 1, end = 0;
    bool nested = false;
  };
  Seen last_, line_;  // what was walked over last, so that no text is walked over again and again
};

}  // namespace

void cut_keyed(const View& view, Cuts& cuts) { Keyed(view, cuts).walk(); }

}  // namespace anonymizing

bool telling_key(std::string_view key) {
  return anonymizing::kind_of(key.substr(0, anonymizing::longest_key)) != anonymizing::Kind::none;
}

}  // namespace qcloud
