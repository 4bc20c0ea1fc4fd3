// A web proxy that is asked for a tunnel: CONNECT (RFC 9110 section 9.3.6) with Basic credentials (RFC 7617).
// Pure. The name of the cloud is given to the proxy, which looks it up by itself; we look up the proxy's.
#pragma once

#include <optional>

#include "agent/gate/transport.hpp"

namespace qcloud {

struct Proxy {
  std::string host;  // name or address literal, without brackets
  std::uint16_t port = 0;
  std::string user, password;  // both empty: none
  // As it may be shown: "proxy.lan:3128".
  std::string name() const;
};

// "http://[user:password@]host:port"; user and password are percent-encoded (RFC 3986 section 3.2.1).
std::optional<Proxy> parse_proxy(std::string_view url);

// "cloud.vendor.example:443", "[2001:db8::1]:443".
std::string authority_of(const std::string& host, std::uint16_t port);
std::string connect_request(const Proxy& proxy, const std::string& authority);
// What an answer to CONNECT means. Errors: net.proxy_auth (407), net.proxy_refused.
Status judge_connect(const Proxy& proxy, int status);
// The proxy did not let us come that far: net.proxy_unreachable.
Error proxy_unreachable(const Proxy& proxy, const Error& why);

}  // namespace qcloud
