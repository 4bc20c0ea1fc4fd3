// Requests and responses as plain data: what a handler sees and gives, whoever carries the bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tests/cloud/clock.hpp"

namespace refcloud {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The value of the first header of that name (any case), or null.
const std::string* header(const Headers&, std::string_view name);

struct Request {
  std::string method;  ///< upper case
  std::string target;  ///< origin form, RFC 9112 section 3.2.1
  Headers headers;
  std::string body;
  std::string peer_address;  ///< source IP address as text, IPv4, IPv6 or IPv4-mapped IPv6
  std::optional<std::string>
      client_cert_der;  ///< the peer proved possession of its key; nothing else was checked
};

struct Response {
  int status = 200;
  Headers headers;  ///< Date and Content-Length included
  std::string body;
};

/// A `GET /v1/watch` that waits, or a relay's request for news of its boxes. Whoever carries it calls
/// Cloud::recheck() at `until` and after each change of `device_id` (empty: of any), and drops it when the
/// client goes away.
struct Hang {
  std::string device_id;
  std::string jkt;     ///< thumbprint of the key that asks
  std::string source;  ///< the address it comes from
  std::int64_t cursor = 0;
  Seconds until = 0;
  std::optional<Request> relay{};  ///< the relay's request, if it is one
};

using Reply = std::variant<Response, Hang>;

}  // namespace refcloud
