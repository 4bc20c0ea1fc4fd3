// Strict JSON in, canonical JSON out.
#pragma once

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace refcloud {

namespace json = boost::json;

/// An object of at most 16 levels. Throws Problem 400 "bad-json" for anything else, repeated member names
/// included.
json::object parse_object(std::string_view);

/// Refuses members that are not in `known`: 400 "unknown-member". So a typo never passes for a wish that was
/// heard.
void only_members(const json::object&, std::initializer_list<std::string_view> known);
/// A member that must be there and be a string: else 400 "bad-member".
std::string text_member(const json::object&, std::string_view name);
/// A member that must be there and be a string or null.
std::optional<std::string> text_or_null_member(const json::object&, std::string_view name);

/// RFC 8785 for values made of strings, integers, booleans, null, arrays and objects: members sorted, no
/// blanks.
std::string canonical(const json::value&);

/// The string, or null.
json::value or_null(const std::optional<std::string>&);

}  // namespace refcloud
