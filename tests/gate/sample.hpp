// A manifest with a message of every shape, for the tests of the gate.
#pragma once

#include "agent/gate/manifest.hpp"

namespace sample {
using enum qcloud::DataClass;
using qcloud::Auth;
using qcloud::Field;
using qcloud::MessageDecl;
using qcloud::Method;
using qcloud::Where;

inline constexpr Field everywhere_fields[] = {
    {"id", request_id, Where::path},
    {"seen", public_address, Where::query},
    {"hold", protocol_constant, Where::query, "0"},
    {"X-Request", request_id, Where::header},
    {"X-Fixed", protocol_constant, Where::header, "always"},
};
inline constexpr Field form_fields[] = {
    {"client_id", protocol_constant, Where::form, "qcloud-nas"},
    {"device_name", device_name, Where::form},
    {"hint", device_model, Where::form, {}, true},
};
inline constexpr Field json_fields[] = {
    {"ipv4", public_address, Where::json},
    {"ipv6", public_address, Where::json},
    {"kind", protocol_constant, Where::json, "report"},
    {"note", public_name, Where::json, {}, true},
};
inline constexpr Field body_fields[] = {
    {"access_token", one_time_code, Where::basic_password, "device"},
    {"certificate_request", public_key, Where::body},
};
inline constexpr Field probe_fields[] = {
    {"payload", protocol_constant, Where::body, "probe"},
};
inline constexpr Field lookup_fields[] = {
    {"name", public_name, Where::body},
};
inline constexpr MessageDecl messages[] = {
    {"everywhere", Method::get, "/v1/things/{id}/part", "look at a thing", everywhere_fields},
    {"form", Method::post, "/form", "send a form", form_fields, Auth::none},
    {"json", Method::put, "/v1/json", "send a report", json_fields},
    {"body", Method::post, "/est", "send a request", body_fields, Auth::none, "application/pkcs10", false,
     64},
    {"tiny", Method::put, "/v1/json", "send a report", json_fields, Auth::certificate, {}, false, 40},
    {"bare", Method::get, "/v1/bare", "ask nothing", {}},
    {"watch", Method::get, "/v1/watch", "wait for news", {}, Auth::certificate, {}, true},
    {"probe", Method::datagram, "udp/33434", "probe the path", probe_fields, Auth::none},
    {"page", Method::get, "/generate_204", "look for a sign-in page", {}, Auth::none, {}, false, 8192, true},
    {"lookup", Method::lookup, "dns", "look up the box's own name", lookup_fields, Auth::none},
};
inline constexpr qcloud::HostDecl hosts[] = {{"cloud", "here", "the vendor", "nobody"}};
inline constexpr std::string_view no_codes[] = {"not_registered"};

inline constexpr qcloud::Manifest manifest{.name = "sample",
                                           .title = "Sample",
                                           .purpose = "Tests.",
                                           .legal_basis = "none",
                                           .has_switch = true,
                                           .default_on = false,
                                           .consequence_on = "on",
                                           .consequence_off = "off",
                                           .hosts = hosts,
                                           .messages = messages,
                                           .retention = "none",
                                           .cloud_holds = "a report",
                                           .health_codes = no_codes};
// The same, but nothing that could be found again stays with the cloud.
inline constexpr qcloud::Manifest forgetful{.name = "forgetful",
                                            .title = "Forgetful",
                                            .purpose = "Tests.",
                                            .legal_basis = "none",
                                            .has_switch = true,
                                            .default_on = true,
                                            .consequence_on = "on",
                                            .consequence_off = "off",
                                            .hosts = hosts,
                                            .messages = messages,
                                            .retention = "none",
                                            .cloud_holds = "",
                                            .health_codes = no_codes};
inline constexpr qcloud::Manifest switchless{.name = "switchless",
                                             .title = "Switchless",
                                             .purpose = "Tests.",
                                             .legal_basis = "none",
                                             .has_switch = false,
                                             .default_on = false,
                                             .consequence_on = "",
                                             .consequence_off = "",
                                             .hosts = hosts,
                                             .messages = messages,
                                             .retention = "none",
                                             .cloud_holds = "a key",
                                             .health_codes = no_codes};

}  // namespace sample
