// What the doctor may send: questions whose answers tell where the way to the cloud is broken. Only while
// the owner's command runs (promise A1).
#pragma once

#include "agent/gate/manifest.hpp"

namespace qcloud::doctor {

namespace detail {
using enum DataClass;

inline constexpr Field look_fields[] = {
    {"hold", protocol_constant, Where::query, "0"},
};
inline constexpr Field own_name_fields[] = {
    {"name", public_name, Where::body},
};
// RFC 6761 section 6.4: no such name can exist.
inline constexpr Field no_such_name_fields[] = {
    {"name", protocol_constant, Where::body, "does-not-exist.invalid"},
};
// RFC 7050: has an IPv6 address only where a NAT64 stands.
inline constexpr Field nat64_fields[] = {
    {"name", protocol_constant, Where::body, "ipv4only.arpa"},
};
inline constexpr Field path_probe_fields[] = {
    {"payload", protocol_constant, Where::body, "qcloud path probe"},
};

inline constexpr MessageDecl messages[] = {
    {"reach",
     Method::get,
     "/.well-known/oauth-authorization-server",
     "see whether the cloud answers",
     {},
     Auth::none},
    {"look", Method::get, "/v1/watch", "see whether the cloud takes the certificate, and what it published",
     look_fields},
    {"sign_in",
     Method::get,
     "/generate_204",
     "see whether this network shows a sign-in page",
     {},
     Auth::none,
     {},
     false,
     8192,
     true},
    {"own_name", Method::lookup, "dns", "see what this network answers for the public name", own_name_fields,
     Auth::none},
    {"no_such_name", Method::lookup, "dns", "see whether this network invents answers", no_such_name_fields,
     Auth::none},
    {"nat64", Method::lookup, "dns", "see whether this network translates IPv6 to IPv4", nat64_fields,
     Auth::none},
    {"path_probe", Method::datagram, "udp/33434", "see whether a second router stands behind yours",
     path_probe_fields, Auth::none},
};

inline constexpr HostDecl hosts[] = {
    {"cloud", "the region of your account", "the vendor", "none"},
    {"resolver", "this box's network settings", "whoever runs this network's name service", "none"},
};
}  // namespace detail

inline constexpr Manifest manifest{
    .name = "doctor",
    .title = "Doctor",
    .purpose = "Finds out, when you ask for it, what stands between this box and the cloud.",
    .legal_basis = "performance of the contract: you command it (GDPR Art. 6(1)(b))",
    .has_switch = false,
    .default_on = false,
    .consequence_on = "",
    .consequence_off = "",
    .hosts = detail::hosts,
    .messages = detail::messages,
    .retention = "nothing is kept but the cloud's access log, six months at most",
    .cloud_holds = "",
    .health_codes = {},
};

}  // namespace qcloud::doctor
