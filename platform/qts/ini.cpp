#include "platform/qts/ini.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace qcloud {
namespace {

constexpr size_t max_line = 4096;

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool garbage(std::string_view line) {
  return line.size() > max_line || std::any_of(line.begin(), line.end(), [](unsigned char c) {
           return (c < 0x20 && c != '\t') || c == 0x7f;
         });
}

bool host_character(unsigned char c) { return std::isalnum(c) || c == '-' || c == '.' || c == '_'; }

bool take_port(std::string_view text, unsigned& port) {
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

}  // namespace

std::optional<std::string_view> ini_value(std::string_view text, std::string_view section,
                                          std::string_view key) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // what Windows editors put in front
  bool here = section.empty();
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    auto line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';' || garbage(line)) continue;
    if (line.front() == '[') {
      size_t close = line.find(']');
      here = close != std::string_view::npos && same(trim(line.substr(1, close - 1)), section);
      continue;
    }
    size_t equals = line.find('=');
    if (!here || equals == std::string_view::npos || !same(trim(line.substr(0, equals)), key)) continue;
    auto value = trim(line.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return value;
  }
  return std::nullopt;
}

std::string proxy_url(std::string_view toggle, std::string_view server, std::string_view port_text) {
  if (!same(toggle, "TRUE") && !same(toggle, "1") && !same(toggle, "on") && !same(toggle, "yes")) return "";
  server = trim(server);
  constexpr std::string_view scheme = "http://";
  if (same(server.substr(0, scheme.size()), scheme)) server.remove_prefix(scheme.size());
  if (server.ends_with('/')) server.remove_suffix(1);
  unsigned port = 80;
  bool v6 = server.starts_with('[');
  size_t colon = server.find(':', v6 ? std::min(server.find(']'), server.size()) : 0);
  if (colon != std::string_view::npos) {
    if (!take_port(server.substr(colon + 1), port)) return "";
    server = server.substr(0, colon);
  }
  if (!trim(port_text).empty() && !take_port(trim(port_text), port)) return "";
  auto host = v6 && server.ends_with(']') ? server.substr(1, server.size() - 2) : server;
  bool spelled = std::all_of(host.begin(), host.end(), [&](unsigned char c) {
    return v6 ? std::isxdigit(c) || c == ':' || c == '.' : host_character(c);
  });
  if (!spelled || host.empty() || host.size() > 253 || (v6 && !server.ends_with(']'))) return "";
  return std::string(scheme) + std::string(server) + ":" + std::to_string(port);
}

}  // namespace qcloud
