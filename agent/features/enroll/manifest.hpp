// What registration may send. It has no switch: it speaks when the owner commands it (register,
// name); and while any switch is on it renews the certificate, and hears what became of the name.
#pragma once

#include "agent/gate/manifest.hpp"

namespace qcloud::enroll {

namespace detail {
using enum DataClass;

inline constexpr Field device_authorization_fields[] = {
    {"client_id", protocol_constant, Where::form, "qcloud-nas"},
    {"scope", protocol_constant, Where::form, "nas"},
    {"device_model", device_model, Where::form},
    {"device_name", device_name, Where::form},
    {"device_serial_tail", serial_tail, Where::form},
};
inline constexpr Field token_fields[] = {
    {"grant_type", protocol_constant, Where::form, "urn:ietf:params:oauth:grant-type:device_code"},
    {"client_id", protocol_constant, Where::form, "qcloud-nas"},
    {"device_code", one_time_code, Where::form},
};
inline constexpr Field enroll_fields[] = {
    {"access_token", one_time_code, Where::basic_password, "device"},
    {"certificate_request", public_key, Where::body},
};
inline constexpr Field reenroll_fields[] = {
    {"certificate_request", public_key, Where::body},
};
inline constexpr Field name_fields[] = {
    {"name", public_name, Where::json},
};

inline constexpr Field audience_fields[] = {
    {"audience", audience, Where::json},
    {"invited", invited_account, Where::json},
};
inline constexpr Field correct_fields[] = {
    {"device_name", device_name, Where::json},
};

inline constexpr MessageDecl messages[] = {
    {"device_authorization", Method::post, "/device/auth", "ask for a code to register with",
     device_authorization_fields, Auth::none},
    {"token", Method::post, "/token", "ask whether the owner has approved", token_fields, Auth::none},
    {"simple_enroll", Method::post, "/.well-known/est/simpleenroll", "ask for a certificate", enroll_fields,
     Auth::none, "application/pkcs10"},
    {"simple_reenroll", Method::post, "/.well-known/est/simplereenroll", "renew the certificate",
     reenroll_fields, Auth::certificate, "application/pkcs10"},
    {"device", Method::get, "/v1/device", "ask which account and name this box has", {}},
    {"claim_name", Method::put, "/v1/name", "claim the public name", name_fields},
    {"release_name", Method::del, "/v1/name", "release the public name", {}},
    {"get_audience", Method::get, "/v1/audience", "ask who may look this box up", {}},
    {"set_audience", Method::put, "/v1/audience", "say who may look this box up", audience_fields},
    {"correct", Method::patch, "/v1/device", "correct what is stored about this box", correct_fields},
};

inline constexpr HostDecl hosts[] = {
    {"cloud", "the region of your account", "the vendor", "the vendor only"},
};

inline constexpr std::string_view health[] = {
    "not_registered", "identity_set_aside",  "certificate_revoked", "device_removed", "removal_unproved",
    "key_superseded", "certificate_expired", "renewal_failing",     "name_lost",      "name_changed",
};
}  // namespace detail

inline constexpr Manifest manifest{
    .name = "enroll",
    .title = "Registration",
    .purpose =
        "Binds this box to your account, and keeps the certificate that proves it and the public name.",
    .legal_basis = "performance of the contract: you register the box (GDPR Art. 6(1)(b))",
    .has_switch = false,
    .default_on = false,
    .consequence_on = "",
    .consequence_off = "",
    .hosts = detail::hosts,
    .messages = detail::messages,
    .retention = "until you unregister, on the box or on your account's page",
    .cloud_holds =
        "the box's model, name and the end of its serial number as you approved them, its public key, its "
        "certificates, its public name, and who may look it up",
    .health_codes = detail::health,
};

}  // namespace qcloud::enroll
