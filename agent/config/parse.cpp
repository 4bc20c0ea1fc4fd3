#include <algorithm>
#include <iterator>

#include "agent/config/config.hpp"

// The only file that sees toml++: it is large. Its parser reports errors as values here.
// Its assertions are off, and never turn into assumptions for the optimizer (NDEBUG): version 3.3
// asserts on input such as "[" at the end of a line, then handles it well (marzer/tomlplusplus #301).
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#include <toml++/toml.h>

namespace qcloud {
namespace {

// What is wrong with a value, as half a sentence and a fix; file, line and key are added later.
using Problem = std::optional<Error>;

Problem invalid(std::string detail, std::string fix) {
  return Error{"config.invalid", Retry::wait_for_owner, std::move(detail), std::move(fix)};
}

template <class T, class Field>
Problem assign(Result<T> value, Field& field) {
  if (!value) return std::move(value).error();
  field = *std::move(value);
  return std::nullopt;
}

// Absolute, so that it does not depend on where the agent was started.
Problem assign_path(std::string_view value, std::string& field) {
  if (value.empty() || value.front() != '/' || value.back() == '/' || value.size() >= 4096)
    return invalid("must be the absolute path of a file",
                   "Write the path with a leading '/', as in \"/etc/qcloud/vendor-ca.pem\".");
  field = value;
  return std::nullopt;
}

Problem assign_region(std::string_view value, std::string& field) {
  if (value != "global" && value != "china")
    return invalid("must be \"global\" or \"china\"", "Write the region of your account.");
  field = value;
  return std::nullopt;
}

struct Key {
  std::string_view table, name;
  bool required;
  Problem (*assign)(std::string_view value, Config& config);
};

// The whole schema. Every value is a text.
constexpr Key schema[] = {
    {"cloud", "url", true,
     [](std::string_view v, Config& c) { return assign(parse_cloud_url(v), c.cloud_url); }},
    {"cloud", "trust", true, [](std::string_view v, Config& c) { return assign_path(v, c.trust_file); }},
    {"cloud", "receipt_key", true,
     [](std::string_view v, Config& c) { return assign_path(v, c.receipt_key_file); }},
    {"cloud", "relay", false,
     [](std::string_view v, Config& c) { return assign(parse_cloud_url(v), c.relay); }},
    {"cloud", "region", false, [](std::string_view v, Config& c) { return assign_region(v, c.region); }},
    {"log", "level", false,
     [](std::string_view v, Config& c) { return assign(parse_level(v), c.log_level); }},
    {"proxy", "url", true,
     [](std::string_view v, Config& c) { return assign(parse_proxy_url(v), c.proxy_url); }},
    {"panel", "listen", true,
     [](std::string_view v, Config& c) { return assign(parse_listen(v), c.panel_listen); }},
};

std::string known_keys(std::string_view table) {
  std::string out;
  for (const auto& key : schema) {
    if (!table.empty() && key.table != table) continue;
    std::string name(table.empty() ? key.table : key.name);
    if (out.ends_with(name)) continue;  // the next key of the same table
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

// What comes from the file goes to a terminal: plain characters only.
std::string shown(std::string_view text, size_t limit = 60) {
  std::string out(text.substr(0, limit));
  for (char& c : out)
    if (c < ' ' || c > '~') c = '?';
  return out;
}

Error located(std::string_view file, toml::source_index line, Error error) {
  auto place = std::string(file) + (line > 0 ? ", line " + std::to_string(line) : "") + ": ";
  error.detail = place + error.detail + ".";
  return error;
}

Error unknown(std::string what, std::string fix) {
  return {"config.unknown_key", Retry::wait_for_owner, std::move(what), std::move(fix)};
}

// One [table]; nothing when all in it is good.
Problem read_table(std::string_view file, std::string_view name, const toml::table& table, Config& config) {
  for (const auto& [key, node] : table) {
    auto full = std::string(name) + "." + shown(key.str());
    auto at = std::find_if(std::begin(schema), std::end(schema),
                           [&](const Key& each) { return each.table == name && each.name == key.str(); });
    auto line = key.source().begin.line;
    if (at == std::end(schema))
      return located(file, line,
                     unknown("there is no key " + full,
                             "Remove it. [" + std::string(name) + "] may hold: " + known_keys(name) + "."));
    const auto* text = node.as_string();
    if (!text)
      return located(file, line,
                     {"config.wrong_type", Retry::wait_for_owner, full + " must be a text",
                      "Write the value in double quotes."});
    const std::string& value = text->get();
    bool control =
        std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
    auto problem = control ? invalid("must not hold control characters", "Write it on one line.")
                           : at->assign(value, config);
    if (!problem) continue;
    problem->detail = full + " " + problem->detail;
    return located(file, line, *std::move(problem));
  }
  for (const auto& key : schema)
    if (key.table == name && key.required && !table.contains(key.name)) {
      auto full = std::string(name) + "." + std::string(key.name);
      return located(
          file, table.source().begin.line,
          {"config.required", Retry::wait_for_owner, full + " is not there",
           "Add the line `" + std::string(key.name) + " = \"...\"` below [" + std::string(name) + "]."});
    }
  return std::nullopt;
}

}  // namespace

Result<Level> parse_level(std::string_view text) {
  static constexpr std::pair<std::string_view, Level> levels[] = {
      {"debug", Level::debug}, {"info", Level::info}, {"warning", Level::warning}, {"error", Level::error}};
  for (const auto& [name, level] : levels)
    if (text == name) return level;
  return *invalid("must be \"debug\", \"info\", \"warning\" or \"error\"", "Write \"info\" where in doubt.");
}

namespace {

// The line of the first letter beyond ASCII that is neither in quotes nor in a comment; 0: none. TOML has no
// place for it there, and toml++ 3.3 must not see one: its test for spaces then runs into what it takes for
// unreachable.
toml::source_index stray_letter(std::string_view text) {
  toml::source_index line = 1;
  char quote = 0;  // '"', '\'' or '#' while inside
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (c == '\n') {
      ++line;
      quote = 0;
    } else if (quote == '"' && c == '\\') {
      ++at;
    } else if (quote == c && c != '#') {
      quote = 0;
    } else if (!quote && (c == '"' || c == '\'' || c == '#')) {
      quote = c;
    } else if (!quote && static_cast<unsigned char>(c) >= 0x80) {
      return line;
    }
  }
  return 0;
}

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view filename) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // some editors' mark for UTF-8
  if (auto line = stray_letter(text))
    return located(filename, line,
                   {"config.syntax", Retry::wait_for_owner, "a letter that only text in quotes may have",
                    "Write keys with plain letters, and values in double quotes."});
  auto parsed = toml::parse(text);
  if (!parsed)
    return located(filename, parsed.error().source().begin.line,
                   {"config.syntax", Retry::wait_for_owner, shown(parsed.error().description(), 200),
                    "Correct this line; the file is TOML."});
  Config config;
  for (const auto& [key, node] : parsed.table()) {
    auto line = key.source().begin.line;
    bool known = std::any_of(std::begin(schema), std::end(schema),
                             [&](const Key& each) { return each.table == key.str(); });
    if (!known)
      return located(filename, line,
                     unknown("there is no key or table " + shown(key.str()),
                             "Remove it. The tables are: " + known_keys("") + "."));
    const auto* table = node.as_table();
    if (!table)
      return located(filename, line,
                     {"config.wrong_type", Retry::wait_for_owner, shown(key.str()) + " must be a table",
                      "Write it as [" + shown(key.str()) + "], with its keys below."});
    if (auto problem = read_table(filename, key.str(), *table, config)) return *std::move(problem);
  }
  if (!parsed.table().contains("cloud"))
    return located(filename, 0,
                   {"config.required", Retry::wait_for_owner, "the table [cloud] is not there",
                    "Add [cloud] with url, trust and receipt_key; see qcloud.toml.example."});
  return config;
}

}  // namespace qcloud
