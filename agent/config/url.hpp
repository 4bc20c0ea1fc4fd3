// The URLs and addresses that the configuration may hold (RFC 3986, narrowed).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/core/ip.hpp"
#include "agent/core/result.hpp"

namespace qcloud {

struct Url {
  std::string scheme;         // lower case
  std::string host;           // lower case; an IPv6 address without brackets
  std::uint16_t port = 0;     // as written, or the scheme's own
  std::string base_path;      // "" or "/api": never ends with a slash, percent-encoding as written
  std::string userinfo = {};  // a proxy's "user:password", percent-encoded as written; else empty
  bool operator==(const Url&) const = default;
};

struct ListenAddress {
  IpAddress address;
  std::uint16_t port = 0;
  bool operator==(const ListenAddress&) const = default;
};

// Errors (config.invalid) carry half a sentence, to follow the key's name: "must begin with https://".
// The value itself is not repeated: it may hold a password.
Result<Url> parse_cloud_url(std::string_view text);
Result<Url> parse_proxy_url(std::string_view text);
// "scheme://[userinfo@]host:port/path", with the port always.
std::string to_string(const Url& url);
Result<ListenAddress> parse_listen(std::string_view text);

}  // namespace qcloud
