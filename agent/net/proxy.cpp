#include "agent/net/proxy.hpp"

#include <openssl/evp.h>

namespace qcloud {

namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
}

std::string base64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

constexpr std::string_view host_letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:";

}  // namespace

std::string authority_of(const std::string& host, std::uint16_t port) {
  bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Proxy::name() const { return authority_of(host, port); }

std::optional<Proxy> parse_proxy(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return std::nullopt;
  url.remove_prefix(scheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  Proxy proxy;
  if (auto at = url.rfind('@'); at != std::string_view::npos) {
    auto who = url.substr(0, at);
    url.remove_prefix(at + 1);
    auto colon = who.find(':');
    auto user = percent_decode(who.substr(0, colon));
    auto password = percent_decode(colon == std::string_view::npos ? "" : who.substr(colon + 1));
    // A colon in the name would move the border between the two (RFC 7617 section 2).
    if (!user || !password || user->find(':') != std::string::npos) return std::nullopt;
    proxy.user = *user;
    proxy.password = *password;
  }
  auto colon = url.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  auto host = url.substr(0, colon);
  auto port = url.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return std::nullopt;
  if (host.empty() || host.size() > 255 || host.find_first_not_of(host_letters) != std::string_view::npos)
    return std::nullopt;
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  int number = std::atoi(std::string(port).c_str());
  if (number < 1 || number > 65535) return std::nullopt;
  proxy.host = std::string(host);
  proxy.port = static_cast<std::uint16_t>(number);
  return proxy;
}

std::string connect_request(const Proxy& proxy, const std::string& authority) {
  std::string text = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  // Unasked: a round trip less, and an owner who set a password wants it used.
  if (!proxy.user.empty() || !proxy.password.empty())
    text += "Proxy-Authorization: Basic " + base64(proxy.user + ":" + proxy.password) + "\r\n";
  return text + "\r\n";
}

Status judge_connect(const Proxy& proxy, int status) {
  if (status >= 200 && status < 300) return {};
  if (status == 407) {
    bool given = !proxy.user.empty() || !proxy.password.empty();
    return Error{"net.proxy_auth", Retry::retry_later,
                 "The web proxy " + proxy.name() +
                     (given ? " does not accept the name and password." : " asks for a name and a password."),
                 "Set them with: qcloud config set proxy.url http://NAME:PASSWORD@" + proxy.name()};
  }
  bool gateway = status == 502 || status == 503 || status == 504;
  return Error{"net.proxy_refused", Retry::retry_later,
               "The web proxy " + proxy.name() + " does not let this box through to the cloud (status " +
                   std::to_string(status) + ").",
               gateway ? "The proxy cannot reach the cloud. Ask whoever runs it."
                       : "Ask whoever runs the proxy to allow connections to the cloud."};
}

Error proxy_unreachable(const Proxy& proxy, const Error& why) {
  return {"net.proxy_unreachable", why.retry,
          "The web proxy " + proxy.name() + " cannot be reached: " + why.detail,
          "Check the proxy's address, or go without it: qcloud config unset proxy.url"};
}

}  // namespace qcloud
