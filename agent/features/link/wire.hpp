// What the relay says, as it stands on the wire (docs/link-protocol.md). Pure; every function takes what a
// peer sent, and is fuzzed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qcloud::link {

// What the relay says of a visitor when it opens a stream.
struct Opening {
  std::string host;  // of :authority, lower case, without a final dot
  std::uint16_t port = 0;
  std::string visitor;  // address: "5.6.7.99", "2a0b::1"; empty where the relay did not say
  std::uint16_t visitor_port = 0;
};

// `authority`: RFC 9110 7.2 with a port. `forwarded`: RFC 7239, its first `for`. Nothing: not an authority.
std::optional<Opening> read_opening(std::string_view authority, std::string_view forwarded);

// PUT /v1/attachment: {"seen":"5.6.7.20","relay":"relay-a","news":true}.
struct Attachment {
  std::string seen;   // an address, or empty
  std::string relay;  // printable, at most 64
  bool news = false;  // the cloud's news for this box come with it (PUT /v1/news)
};
std::optional<Attachment> read_attachment(std::string_view body);

// PROXY protocol version 2 (haproxy.org, proxy-protocol.txt, 2.2): the header that a service reads
// before the visitor's bytes. Both addresses of one family; a visitor that is not known is LOCAL.
std::string proxy_header(const Opening& visitor, std::string_view service_address,
                         std::uint16_t service_port);

}  // namespace qcloud::link
