#include "agent/cli/target.hpp"

#include <utility>

namespace qcloud::cli {
namespace {

/// Percent-encoding (RFC 3986, 2.1) of everything that is not unreserved.
std::string encoded(std::string_view part) {
  constexpr char hex[] = "0123456789ABCDEF";
  // As a whole segment these would walk the path instead of naming something.
  const bool walks = part == "." || part == "..";
  std::string out;
  for (char c : part) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    const bool digit = byte >= '0' && byte <= '9';
    if (letter || digit || c == '-' || c == '_' || c == '~' || (c == '.' && !walks)) {
      out += c;
    } else {
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

}  // namespace

Target& Target::segment(std::string_view part) {
  text_ += '/' + encoded(part);
  return *this;
}

Target& Target::query(std::string_view key, std::string_view value) {
  text_ += std::exchange(asked_, true) ? '&' : '?';
  text_ += std::string(key) + '=' + encoded(value);
  return *this;
}

}  // namespace qcloud::cli
