#include "agent/gate/serialize.hpp"

#include <openssl/evp.h>

#include <boost/json/serialize.hpp>

namespace qcloud {

namespace json = boost::json;

namespace {

std::string as_text(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_null()) return {};
  return json::serialize(value);
}

// RFC 3986 section 2.3: all but the unreserved characters.
std::string percent_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += digits[c >> 4];
      out += digits[c & 15];
    }
  }
  return out;
}

std::string base64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

void append_pair(std::string& list, std::string_view name, std::string_view value) {
  if (!list.empty()) list += '&';
  list += percent_encode(name) + '=' + percent_encode(value);
}

// A header value with a line break would be a second header.
bool clean(std::string_view text) {
  for (unsigned char c : text)
    if (c < 0x20 || c == 0x7f) return false;
  return true;
}

const json::value* given(const RawMessage& message, const Field& field) {
  for (const auto& [which, value] : message.values)
    if (which == &field) return &value;
  return nullptr;
}

}  // namespace

std::vector<std::string> field_names(const RawMessage& message) {
  std::vector<std::string> names;
  for (const auto& field : message.decl->fields)
    if (given(message, field) || (!field.constant.empty() && field.where != Where::basic_password))
      names.emplace_back(field.name);
  return names;
}

Result<Wire> serialize(const RawMessage& message, const std::string& base_path) {
  const MessageDecl& decl = *message.decl;
  Wire wire;
  wire.method = to_string(decl.method);
  std::string path = base_path + std::string(decl.path);
  std::string query, form;
  json::object object;
  bool has_json = false, has_form = false;

  for (const Field& field : decl.fields) {
    const json::value* value = given(message, field);
    json::value fixed;
    if (!field.constant.empty() && field.where != Where::basic_password) {
      fixed = json::string(field.constant.data(), field.constant.size());
      value = &fixed;
    }
    if (!value) {
      if (field.optional) continue;
      return Error{"gate.incomplete", Retry::give_up,
                   "The message lacks its field " + std::string(field.name) + ".", ""};
    }
    std::string text = as_text(*value);
    switch (field.where) {
      case Where::path: {
        // An empty segment, or one of dots, would be another path (RFC 3986 section 6.2.2.3).
        if (text.empty() || text == "." || text == "..")
          return Error{"gate.incomplete", Retry::give_up,
                       "The path lacks its field " + std::string(field.name) + ".", ""};
        std::string hole = "{" + std::string(field.name) + "}";
        if (auto at = path.find(hole); at != std::string::npos)
          path.replace(at, hole.size(), percent_encode(text));
        break;
      }
      case Where::query:
        append_pair(query, field.name, text);
        break;
      case Where::header:
        if (!clean(text))
          return Error{"gate.incomplete", Retry::give_up, "A header holds a control character.", ""};
        wire.headers.emplace_back(field.name, text);
        break;
      case Where::basic_password:
        wire.headers.emplace_back("Authorization",
                                  "Basic " + base64(std::string(field.constant) + ":" + text));
        break;
      case Where::form:
        append_pair(form, field.name, text);
        has_form = true;
        break;
      case Where::json:
        object[json::string_view(field.name.data(), field.name.size())] = *value;
        has_json = true;
        break;
      case Where::body:
        wire.body = text;
        break;
    }
  }
  if (has_json) wire.body = json::serialize(object);
  if (has_form) wire.body = form;
  if (wire.body.size() > decl.body_cap)
    return Error{"gate.too_large", Retry::give_up, "The message is larger than its manifest allows.", ""};
  if (has_json)
    wire.headers.emplace_back("Content-Type", "application/json");
  else if (has_form)
    wire.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  else if (!decl.content_type.empty())
    wire.headers.emplace_back("Content-Type", decl.content_type);
  wire.target = query.empty() ? path : path + "?" + query;
  return wire;
}

}  // namespace qcloud
