#include "tests/cloud/adapter/front.hpp"

#include "tests/cloud/address.hpp"
#include "tests/cloud/encoding.hpp"

namespace refcloud {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The proxy next to us wrote the last element; what stands before it came from outside.
std::string_view last_element(std::string_view list) {
  const auto comma = list.rfind(',');
  return trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
}

std::string_view forwarded_for(std::string_view element) {
  while (!element.empty()) {
    const auto end = std::min(element.find(';'), element.size());
    const auto pair = trim(element.substr(0, end));
    element = element.substr(std::min(end + 1, element.size()));
    if (pair.size() < 4 || !same_letters(pair.substr(0, 4), "for=")) continue;
    auto value = pair.substr(4);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (value.starts_with('[')) return value.substr(1, value.find(']') - 1);
    return value.substr(0, value.find(':'));
  }
  return {};
}

}  // namespace

bool believe_front(Request& request) {
  if (const auto* const value = header(request.headers, "Client-Cert")) {
    // A byte sequence of RFC 8941: base64 between colons.
    if (value->size() < 2 || value->front() != ':' || value->back() != ':') return false;
    request.client_cert_der = unbase64(std::string_view(*value).substr(1, value->size() - 2));
    if (!request.client_cert_der) return false;
  }
  std::string_view source;
  if (const auto* const value = header(request.headers, "Forwarded"))
    source = forwarded_for(last_element(*value));
  else if (const auto* const other = header(request.headers, "X-Forwarded-For"))
    source = last_element(*other);
  else
    return true;
  if (!parse_address(source)) return false;
  request.peer_address = source;
  return true;
}

}  // namespace refcloud
