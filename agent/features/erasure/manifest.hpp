// The owner's rights over what the cloud stores: erase, export. No switch: it speaks when the owner
// commands it, and while an order is pending.
#pragma once

#include "agent/gate/manifest.hpp"

namespace qcloud::erasure {

namespace detail {
using enum DataClass;

inline constexpr Field order_fields[] = {
    {"Idempotency-Key", request_id, Where::header},
    {"request", signed_order, Where::json},
};
inline constexpr Field ask_fields[] = {
    {"id", request_id, Where::path},
};
inline constexpr Field export_fields[] = {
    {"scope", feature_name, Where::query, {}, true},
};

inline constexpr MessageDecl messages[] = {
    {"order", Method::post, "/v1/erasure-requests", "order the erasure", order_fields, Auth::none},
    {"ask", Method::get, "/v1/erasure-requests/{id}", "ask for the erasure's receipt", ask_fields,
     Auth::none},
    {"export", Method::get, "/v1/export", "ask for a copy of what is stored", export_fields},
};

inline constexpr HostDecl hosts[] = {
    {"cloud", "the region of your account", "the vendor", "the vendor only"},
};

inline constexpr std::string_view health[] = {"order_pending", "order_overdue", "receipt_refused"};
}  // namespace detail

inline constexpr Manifest manifest{
    .name = "erasure",
    .title = "Your data",
    .purpose =
        "Has the cloud erase what it stores of a feature that you switch off, and fetches copies for you.",
    .legal_basis = "your rights of access and erasure (GDPR Art. 15, 17, 20)",
    .has_switch = false,
    .default_on = false,
    .consequence_on = "",
    .consequence_off = "",
    .hosts = detail::hosts,
    .messages = detail::messages,
    .retention = "the cloud keeps the receipt for six months, to answer a repeated order in the same way",
    .cloud_holds = "",
    .health_codes = detail::health,
};

}  // namespace qcloud::erasure
