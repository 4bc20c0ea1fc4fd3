#include "tests/cloud/json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <vector>

#include "tests/cloud/encoding.hpp"
#include "tests/cloud/problem.hpp"

namespace refcloud {
namespace {

std::size_t members_in(const json::value& value) {
  std::size_t count = 0;
  if (const auto* const object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += members_in(member.value());
  } else if (const auto* const array = value.if_array()) {
    for (const auto& item : *array) count += members_in(item);
  }
  return count;
}

// In JSON that parses, each colon outside of a string belongs to one member name.
std::size_t names_written(std::string_view text) {
  std::size_t count = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"')
      quoted = !quoted;
    else if (text[i] == '\\' && quoted)
      ++i;
    else if (text[i] == ':' && !quoted)
      ++count;
  }
  return count;
}

}  // namespace

json::object parse_object(std::string_view text) {
  json::parse_options options;
  options.max_depth = 16;
  json::error_code error;
  const auto value = json::parse(text, error, {}, options);
  if (error) throw Problem{400, "bad-json", "The body is not JSON: " + error.message() + '.'};
  if (!value.is_object()) throw Problem{400, "bad-json", "The body is not a JSON object."};
  // The parser keeps the last of two equal names; another reader may keep the first. Refuse both.
  if (names_written(text) != members_in(value))
    throw Problem{400, "bad-json", "A member name stands twice in one object."};
  return value.get_object();
}

void only_members(const json::object& object, std::initializer_list<std::string_view> known) {
  for (const auto& member : object)
    if (std::find(known.begin(), known.end(), std::string_view(member.key())) == known.end())
      throw Problem{400, "unknown-member",
                    "The member \"" + std::string(member.key()) + "\" is not known here."};
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  if (!value || !value->is_string())
    throw Problem{400, "bad-member", "The member \"" + std::string(name) + "\" must be a string."};
  return std::string(value->get_string());
}

std::optional<std::string> text_or_null_member(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  if (!value || (!value->is_string() && !value->is_null()))
    throw Problem{400, "bad-member", "The member \"" + std::string(name) + "\" must be a string or null."};
  if (value->is_null()) return std::nullopt;
  return std::string(value->get_string());
}

std::string canonical(const json::value& value) {
  std::string out;
  if (const auto* const array = value.if_array()) {
    for (const auto& item : *array) out += (out.empty() ? "" : ",") + canonical(item);
    return '[' + out + ']';
  }
  if (const auto* const object = value.if_object()) {
    std::vector<std::string_view> names;
    for (const auto& member : *object) names.push_back(member.key());
    std::sort(names.begin(), names.end());
    for (const auto name : names)
      out +=
          (out.empty() ? "" : ",") + json::serialize(json::string(name)) + ':' + canonical(object->at(name));
    return '{' + out + '}';
  }
  return json::serialize(value);
}

json::value or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

}  // namespace refcloud
