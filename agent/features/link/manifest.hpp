// What the link may send: bytes between visitors and the services that the owner published, and what
// TLS needs to prove which box this is (promises L1, L3, L4).
#pragma once

#include "agent/gate/manifest.hpp"

namespace qcloud::link {

namespace detail {
using enum DataClass;

inline constexpr Field attach_fields[] = {
    {"visits", relayed_bytes, Where::body, {}, true},
};
inline constexpr MessageDecl messages[] = {
    {"attach", Method::stream, "h2-reverse", "stay reachable through the relay", attach_fields},
};
inline constexpr HostDecl hosts[] = {
    {"relay", "the region of your account", "the vendor", "the visitors whom your services answer"},
};
inline constexpr std::string_view health[] = {
    "link_no_relay", "link_no_network", "link_connecting", "link_no_name", "link_no_service",
};
}  // namespace detail

inline constexpr Manifest manifest{
    .name = "link",
    .title = "Reachable from everywhere",
    .purpose =
        "Keeps a connection to the vendor's relay, so that visitors reach the services that you publish.",
    .legal_basis = "performance of the contract: you switch it on (GDPR Art. 6(1)(b))",
    .has_switch = true,
    .default_on = false,
    .consequence_on =
        "A connection to the relay stays open. Visitors of this box's name reach the services that you "
        "publish, and "
        "no others. The relay sees who connects to which name, and how many bytes; never what they say.",
    .consequence_off =
        "Open visits end at once. Nobody reaches this box through the relay any more, and the cloud will be "
        "ordered "
        "to erase what it knows of the connection.",
    .hosts = detail::hosts,
    .messages = detail::messages,
    .retention = "while the connection is open; the relay's log of connections six months at most",
    .cloud_holds = "to which relay this box is connected, from which address, since when",
    .health_codes = detail::health,
};

}  // namespace qcloud::link
