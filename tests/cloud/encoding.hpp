// Encodings that every endpoint needs. All decoders are strict: what they do not understand completely
// is refused, never repaired.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace refcloud {

std::string hex(std::string_view);
std::string sha256(std::string_view);      ///< 32 raw bytes
std::string sha256_hex(std::string_view);  ///< 64 lower-case hex digits
std::string hmac_sha256(std::string_view key, std::string_view data);

std::string base64(std::string_view);  ///< RFC 4648 section 4, no line breaks
/// With padding. Line breaks and blanks are skipped: RFC 8951 lets EST clients send either form.
std::optional<std::string> unbase64(std::string_view);
std::string base64url(std::string_view);  ///< RFC 4648 section 5, without padding
std::optional<std::string> unbase64url(
    std::string_view);  ///< refuses padding, blanks and non-canonical last characters

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// application/x-www-form-urlencoded, also for query strings. Refuses broken escapes, NUL, invalid UTF-8 and
/// repeated names.
std::optional<Pairs> parse_form(std::string_view);
const std::string* find(const Pairs&, std::string_view name);
std::string url_encode(std::string_view);

bool valid_utf8(std::string_view);
/// True for valid UTF-8 without control characters, `min` to `max` bytes long.
bool printable(std::string_view, std::size_t min, std::size_t max);
std::string lower(std::string_view);
bool same_letters(std::string_view, std::string_view);  ///< compares without ASCII case
bool valid_uuid(std::string_view);                      ///< 8-4-4-4-12 lower-case hex digits
bool constant_time_equal(std::string_view, std::string_view);

}  // namespace refcloud
