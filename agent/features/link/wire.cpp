#include "agent/features/link/wire.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>

#include "agent/core/ip.hpp"

namespace qcloud::link {
namespace {

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// A host name of the DNS: letters, digits, '-', '.', '_'.
std::optional<std::string> read_host(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > 253) return std::nullopt;
  std::string host;
  for (char c : text) {
    bool upper = c >= 'A' && c <= 'Z';
    bool fine = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    if (!fine) return std::nullopt;
    host += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return host;
}

// "5.6.7.8", "5.6.7.8:99", "[2a0b::1]", "[2a0b::1]:99", in quotes or not.
void read_visitor(std::string_view node, Opening& out) {
  if (node.size() >= 2 && node.front() == '"' && node.back() == '"') node = node.substr(1, node.size() - 2);
  std::string_view address = node, port;
  if (node.starts_with('[')) {
    auto close = node.find(']');
    if (close == std::string_view::npos) return;
    address = node.substr(1, close - 1);
    if (close + 1 < node.size() && node[close + 1] == ':') port = node.substr(close + 2);
  } else if (auto colon = node.find(':'); colon != std::string_view::npos) {
    address = node.substr(0, colon);
    port = node.substr(colon + 1);
  }
  auto parsed = parse_ip(std::string(address));
  if (!parsed) return;
  out.visitor = to_string(*parsed);
  out.visitor_port = read_port(port).value_or(0);
}

// An IPv4 address as IPv4-mapped where the other is IPv6 (RFC 4291 2.5.5.2).
void append_address(std::string& out, const IpAddress& ip, bool v6) {
  if (v6 && !ip.v6) out.append("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  out.append(reinterpret_cast<const char*>(ip.bytes.data()), ip.v6 ? 16 : 4);
}

void append_port(std::string& out, std::uint16_t port) {
  out += static_cast<char>(port >> 8);
  out += static_cast<char>(port & 0xff);
}

}  // namespace

std::optional<Opening> read_opening(std::string_view authority, std::string_view forwarded) {
  auto colon = authority.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = read_host(authority.substr(0, colon));
  auto port = read_port(authority.substr(colon + 1));
  if (!host || !port) return std::nullopt;
  Opening out{*std::move(host), *port, "", 0};
  // RFC 7239 4: elements by ',', pairs by ';'; the first element is the visitor. One quoted string holds
  // neither.
  auto element = forwarded.substr(0, forwarded.find(','));
  while (!element.empty()) {
    auto pair = element.substr(0, element.find(';'));
    element.remove_prefix(std::min(element.size(), pair.size() + 1));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    while (pair.ends_with(' ')) pair.remove_suffix(1);
    if (pair.size() > 4 && (pair[0] | 0x20) == 'f' && (pair[1] | 0x20) == 'o' && (pair[2] | 0x20) == 'r' &&
        pair[3] == '=') {
      read_visitor(pair.substr(4), out);
      break;
    }
  }
  return out;
}

std::optional<Attachment> read_attachment(std::string_view body) {
  boost::system::error_code failed;
  boost::json::parse_options limits;
  limits.max_depth = 4;
  auto value = boost::json::parse(body, failed, {}, limits);
  if (failed || !value.is_object()) return std::nullopt;
  Attachment out;
  if (auto* seen = value.get_object().if_contains("seen"); seen && seen->is_string()) {
    auto parsed = parse_ip(std::string(seen->get_string()));
    if (!parsed) return std::nullopt;
    out.seen = to_string(*parsed);
  }
  if (auto* news = value.get_object().if_contains("news"); news && news->is_bool())
    out.news = news->get_bool();
  if (auto* relay = value.get_object().if_contains("relay"); relay && relay->is_string())
    for (char c : relay->get_string())
      if (c > ' ' && c <= '~' && out.relay.size() < 64) out.relay += c;
  return out;
}

std::string proxy_header(const Opening& visitor, std::string_view service_address,
                         std::uint16_t service_port) {
  std::string out("\r\n\r\n\0\r\nQUIT\n", 12);
  auto from = parse_ip(visitor.visitor);
  auto to = parse_ip(std::string(service_address));
  if (!from || !to) {
    out += std::string("\x20\x00\x00\x00", 4);  // LOCAL: whom it comes from is not known
    return out;
  }
  bool v6 = from->v6 || to->v6;  // one family for both
  out += '\x21';                 // version 2, PROXY
  out += v6 ? '\x21' : '\x11';   // TCP over IPv6, IPv4
  append_port(out, v6 ? 36 : 12);
  append_address(out, *from, v6);
  append_address(out, *to, v6);
  append_port(out, visitor.visitor_port);
  append_port(out, service_port);
  return out;
}

}  // namespace qcloud::link
