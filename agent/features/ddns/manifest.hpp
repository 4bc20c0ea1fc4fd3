// What "found by name" may send (promise L1): the addresses, and nothing else about the box.
#pragma once

#include "agent/gate/manifest.hpp"

namespace qcloud::ddns {

namespace detail {
using enum DataClass;

inline constexpr Field watch_fields[] = {
    {"cursor", server_cursor, Where::query, {}, true},
    {"seen", public_address, Where::query, {}, true},
    {"hold", protocol_constant, Where::query, "21600"},
};
inline constexpr Field look_fields[] = {
    {"hold", protocol_constant, Where::query, "0"},
};
inline constexpr Field report_fields[] = {
    {"ipv4", public_address, Where::json},
    {"ipv6", public_address, Where::json},
};
inline constexpr Field path_probe_fields[] = {
    {"payload", protocol_constant, Where::body, "qcloud path probe"},
};

inline constexpr MessageDecl messages[] = {
    {"look", Method::get, "/v1/watch", "see from which address this box comes, and what is published",
     look_fields},
    {"watch",
     Method::get,
     "/v1/watch",
     "wait for news from the cloud",
     watch_fields,
     Auth::certificate,
     {},
     true},
    {"whoami", Method::get, "/v1/whoami", "see once more from which address this box comes", {}},
    {"report", Method::put, "/v1/ddns", "report the addresses", report_fields},
    {"path_probe", Method::datagram, "udp/33434", "see whether a second router stands behind yours",
     path_probe_fields, Auth::none},
};

inline constexpr HostDecl hosts[] = {
    {"cloud", "the region of your account", "the vendor", "everyone who looks up the name"},
};

inline constexpr std::string_view health[] = {
    "ddns_no_name",    "ddns_no_public_address", "ddns_behind_router", "ddns_carrier_nat",
    "ddns_double_nat", "ddns_sources_differ",    "ddns_unstable",      "ddns_behind_vpn",
    "name_lost",       "name_changed",
};
}  // namespace detail

inline constexpr Manifest manifest{
    .name = "ddns",
    .title = "Found by name",
    .purpose = "Keeps your name pointing to this box's address, within seconds of a change.",
    .legal_basis = "performance of the contract: you switch it on (GDPR Art. 6(1)(b))",
    .has_switch = true,
    .default_on = false,
    .consequence_on =
        "This box's public addresses will be sent to the cloud whenever they change, and anyone who asks for "
        "its name gets them.",
    .consequence_off =
        "The name will no longer lead to this box's addresses, and the cloud will be ordered to erase them. "
        "The name itself stays yours.",
    .hosts = detail::hosts,
    .messages = detail::messages,
    .retention = "the newest addresses only, until you switch it off; access logs six months at most",
    .cloud_holds = "this box's newest public IPv4 and IPv6 address, and when they were reported",
    .health_codes = detail::health,
};

}  // namespace qcloud::ddns
