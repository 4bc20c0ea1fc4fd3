#include "agent/gate/answer.hpp"

#include <algorithm>
#include <cctype>

namespace qcloud {

std::string string_member(const boost::json::object& object, std::string_view name) {
  auto* found = object.if_contains(boost::json::string_view(name.data(), name.size()));
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::optional<std::int64_t> number_member(const boost::json::object& object, std::string_view name) {
  auto* found = object.if_contains(boost::json::string_view(name.data(), name.size()));
  if (!found) return std::nullopt;
  if (found->is_int64()) return found->as_int64();
  return std::nullopt;
}

namespace {

// What a peer wrote is shown to the owner: one line of plain text, and not too much of it.
std::string shown(std::string text, std::size_t most) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (text.size() > most) text = text.substr(0, most) + "...";
  return text;
}

bool plain_code(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_';
  });
}

}  // namespace

Error Answer::problem() const {
  static constexpr std::string_view prefix = "urn:qcloud:problem:";
  Error error;
  auto type = string_member(json, "type");
  auto oauth = string_member(json, "error");
  if (type.starts_with(prefix) && plain_code(type.substr(prefix.size())))
    error.code = "cloud." + type.substr(prefix.size());
  else if (plain_code(oauth))
    error.code = "oauth." + oauth;
  else
    error.code = "cloud.bad_answer";
  error.detail = string_member(json, "detail");
  if (error.detail.empty()) error.detail = string_member(json, "error_description");
  if (error.detail.empty()) error.detail = string_member(json, "title");
  if (error.detail.empty()) error.detail = "The cloud answered with status " + std::to_string(status) + ".";
  error.detail = shown(std::move(error.detail), 300);
  error.retry_after = retry_after;
  if (status == 429 || status == 503)
    error.retry = Retry::retry_later;
  else if (status >= 500 || error.code == "cloud.bad_answer")
    error.retry = Retry::retry_soon;
  else if (status == 401 || status == 403 || status == 410)
    error.retry = Retry::wait_for_owner;
  else
    error.retry = Retry::give_up;
  return error;
}

}  // namespace qcloud
