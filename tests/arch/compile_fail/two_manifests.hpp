// Two features that do not exist, and values as platform/ would mint them.
#pragma once

#include "agent/gate/lanes.hpp"
#include "agent/gate/mint.hpp"

namespace qcloud {

inline constexpr Field report_fields[] = {
    {"ipv4", DataClass::public_address, Where::json},
    {"scope", DataClass::protocol_constant, Where::json, "nas"},
};
inline constexpr MessageDecl one_messages[] = {{"report", Method::put, "/v1/one", "report", report_fields}};
inline constexpr MessageDecl two_messages[] = {{"report", Method::put, "/v1/two", "report", report_fields}};

inline constexpr Manifest one{.name = "one", .messages = one_messages};
inline constexpr Manifest two{.name = "two", .messages = two_messages};

inline auto address() { return Mint::text<DataClass::public_address>("5.6.7.8"); }
inline auto serial() { return Mint::text<DataClass::serial_tail>("7F3A"); }

}  // namespace qcloud
