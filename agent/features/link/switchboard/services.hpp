// What of this box may be reached through the link: a list that the owner writes, and nothing else. A relay
// names a host; it never names an address or a port of this box.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/fact.hpp"
#include "agent/core/result.hpp"

namespace qcloud::link {

enum class Tls : std::uint8_t {
  through,  // the service has TLS of its own; its bytes pass as they are
  here,     // TLS ends in the agent, with the box's certificate; the service is spoken to in the clear, on
            // loopback
};

struct Service {
  std::string name;  // a label below the box's name: "ssh"; "web" is the box's own name too
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  Tls tls = Tls::through;
  bool proxy_header = false;  // tell the service the visitor's address, by PROXY protocol v2
  bool admin_page = false;    // failed visitors are limited
  bool operator==(const Service&) const = default;
};
using Services = std::vector<Service>;

// Errors: link.service_invalid, in words.
Status check(const Service& service);

// Which service a visitor of `host` means, on a box with this public name. Null: none.
const Service* find_service(const Services& services, std::string_view fqdn, std::string_view host);

}  // namespace qcloud::link
