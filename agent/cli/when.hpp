// Points in time as the agent writes them (RFC 3339) and as people say them.
// All instants are Unix seconds, UTC. Nothing here reads a clock; the local time
// zone is the process's (TZ).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qcloud::cli {

/// RFC 3339 date-time with Z or an offset; fractions are dropped.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

/// "2026-11-23T10:00:00Z"
std::string rfc3339(std::int64_t instant);

/// What `--since` accepts: RFC 3339, "90s", "15m", "1h", "2d", "1w", "today",
/// or a date "2026-11-23" (its local midnight).
std::optional<std::int64_t> parse_since(std::string_view text, std::int64_t now);

/// "3 minutes ago", "in 2 days", "just now"
std::string relative(std::int64_t instant, std::int64_t now);

/// "2026-11-23 10:00" or, with seconds, "2026-11-23 10:00:05"; local time.
std::string local_time(std::int64_t instant, bool seconds = false);

/// "3 minutes ago (2026-11-23 10:00)" from RFC 3339; anything else comes back as it is.
std::string moment(std::string_view text, std::int64_t now);

/// "2026-11-23" from RFC 3339, local date; anything else comes back as it is.
std::string date(std::string_view text);

}  // namespace qcloud::cli
