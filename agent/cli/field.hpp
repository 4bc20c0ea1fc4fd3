// Reading the agent's answers. A member that is missing or of another type reads as
// empty: an older CLI must stay useful beside a newer agent.
#pragma once

#include "agent/cli/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace qcloud::cli {

inline const boost::json::value* find(const boost::json::object& from, std::string_view key) {
  const boost::json::value* value = from.if_contains(key);
  return value && !value->is_null() ? value : nullptr;
}

/// A value in printable words: strings bare, everything else as JSON.
inline std::string words(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return plain(*text);
  return value.is_null() ? "-" : plain(boost::json::serialize(value));
}

/// Printable always: what is read here may go to the terminal.
inline std::string text_at(const boost::json::object& from, std::string_view key) {
  const auto* value = find(from, key);
  return value ? words(*value) : std::string();
}

/// As it was sent; for addresses, signatures and comparisons, never for the terminal.
inline std::string raw_at(const boost::json::object& from, std::string_view key) {
  const auto* value = find(from, key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

inline std::int64_t number_at(const boost::json::object& from, std::string_view key) {
  const auto* value = find(from, key);
  if (!value) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

inline bool flag_at(const boost::json::object& from, std::string_view key) {
  const auto* value = find(from, key);
  return value && value->is_bool() && value->get_bool();
}

inline const boost::json::array& list_at(const boost::json::object& from, std::string_view key) {
  static const boost::json::array none;
  const auto* value = find(from, key);
  return value && value->is_array() ? value->get_array() : none;
}

inline const boost::json::object& object_of(const boost::json::value& value) {
  static const boost::json::object none;
  return value.is_object() ? value.get_object() : none;
}

inline const boost::json::object& object_at(const boost::json::object& from, std::string_view key) {
  static const boost::json::object none;
  const auto* value = find(from, key);
  return value ? object_of(*value) : none;
}

/// "a, b, c"; objects are named by their `name`.
inline std::string joined(const boost::json::array& list, std::string_view between = ", ") {
  std::string out;
  for (const auto& item : list) {
    if (!out.empty()) out += between;
    out += item.is_object() ? text_at(item.get_object(), "name") : words(item);
  }
  return out;
}

}  // namespace qcloud::cli
