#include "agent/config/url.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <optional>

namespace qcloud {
namespace {

Error invalid(std::string detail, std::string fix) {
  return {"config.invalid", Retry::wait_for_owner, std::move(detail), std::move(fix)};
}

constexpr size_t max_url = 2048;

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t value = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// RFC 1123 section 2.1 letters, digits and hyphens; international names in their "xn--" form.
bool host_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  for (;;) {
    auto label = name.substr(0, name.find('.'));
    bool good = !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                std::all_of(label.begin(), label.end(), [](char c) {
                  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                });
    if (!good) return false;
    if (label.size() == name.size()) return true;
    name.remove_prefix(label.size() + 1);
  }
}

Result<Url> parse(std::string_view text, std::string_view scheme, std::uint16_t default_port,
                  const std::string& fix, bool may_have_user = false) {
  std::string must_begin = "must be a URL that begins with " + std::string(scheme) + "://";
  auto parsed = boost::urls::parse_uri(text.substr(0, max_url + 1));
  if (text.size() > max_url || !parsed || !parsed->has_authority()) return invalid(must_begin, fix);
  Url url;
  url.scheme = lower({parsed->scheme().data(), parsed->scheme().size()});
  if (url.scheme != scheme) return invalid(must_begin, fix);
  if (may_have_user)
    url.userinfo.assign(parsed->encoded_userinfo().data(), parsed->encoded_userinfo().size());
  else if (parsed->has_userinfo())
    return invalid("must not hold a user name or password", fix);
  if (parsed->has_query() || parsed->has_fragment()) return invalid("must end before any '?' or '#'", fix);

  std::string_view host(parsed->encoded_host().data(), parsed->encoded_host().size());
  if (host.size() > 2 && host.front() == '[') {
    auto address = parse_ip(host.substr(1, host.size() - 2));
    if (!address) return invalid("holds an address in brackets that is no IPv6 address", fix);
    url.host = to_string(*address);
  } else {
    url.host = lower(host);
    bool digits = !url.host.empty() && url.host.find_first_not_of("0123456789.") == std::string::npos;
    if (!host_name(url.host) || (digits && !parse_ip(url.host)))
      return invalid("has no usable host name", fix);
  }
  url.port = default_port;
  if (parsed->has_port()) {
    auto port = port_number({parsed->port().data(), parsed->port().size()});
    if (!port) return invalid("has a port outside of 1 to 65535", fix);
    url.port = *port;
  }
  url.base_path.assign(parsed->encoded_path().data(), parsed->encoded_path().size());
  while (!url.base_path.empty() && url.base_path.back() == '/') url.base_path.pop_back();
  if (url.base_path.find("//") != std::string::npos || url.base_path.find("/.") != std::string::npos)
    return invalid("has a path with empty or dotted parts", fix);
  return url;
}

}  // namespace

Result<Url> parse_cloud_url(std::string_view text) {
  return parse(text, "https", 443, "Write the cloud's address as \"https://cloud.example.com\".");
}

Result<Url> parse_proxy_url(std::string_view text) {
  std::string fix = "Write the proxy as \"http://squid.example.com:3128\".";
  auto url = parse(text, "http", 0, fix, true);
  if (!url) return url;
  // Proxies have no customary port: a guess would send the owner looking for a fault elsewhere.
  if (url->port == 0) return invalid("must name the proxy's port", fix);
  if (!url->base_path.empty()) return invalid("must not have a path", fix);
  return url;
}

std::string to_string(const Url& url) {
  bool v6 = url.host.find(':') != std::string::npos;
  return url.scheme + "://" + (url.userinfo.empty() ? "" : url.userinfo + "@") +
         (v6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port) + url.base_path;
}

Result<ListenAddress> parse_listen(std::string_view text) {
  std::string fix = "Write \"127.0.0.1:8090\" or \"[::1]:8090\".";
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid("must be an address and a port", fix);
  auto host = text.substr(0, colon);
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  auto address = parse_ip(bracketed ? host.substr(1, host.size() - 2) : host);
  if (!address || address->v6 != bracketed) return invalid("must be an address and a port", fix);
  auto port = port_number(text.substr(colon + 1));
  if (!port) return invalid("has a port outside of 1 to 65535", fix);
  // The panel changes things: whoever reaches it from the network would only be a password away.
  bool loopback = address->v6 ? to_string(*address) == "::1" : address->bytes[0] == 127;
  if (!loopback) return invalid("must be a loopback address: the panel is not served to the network", fix);
  return ListenAddress{*address, *port};
}

}  // namespace qcloud
