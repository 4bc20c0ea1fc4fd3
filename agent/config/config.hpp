// What an administrator sets once, in qcloud.toml (TOML 1.0). Switches are not here: they live in
// the state alone. packaging/qcloud.toml.example shows each key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/url.hpp"
#include "agent/core/ip.hpp"
#include "agent/core/log.hpp"
#include "agent/core/result.hpp"

namespace qcloud {

struct Config {
  Url cloud_url;                  // [cloud] url; https
  std::string trust_file;         // [cloud] trust: PEM, the vendor's CA; absolute path
  std::string receipt_key_file;   // [cloud] receipt_key: PEM, for erasure receipts; absolute path
  std::optional<Url> relay;       // [cloud] relay; https, a name with several addresses for several relays
  std::string region = "global";  // [cloud] region: "global" or "china"; counts at the first start
  Level log_level = Level::info;  // [log] level
  std::optional<Url> proxy_url;   // [proxy] url; http, with a port, perhaps user and password; no path
  std::optional<ListenAddress> panel_listen;  // [panel] listen; loopback only
  bool operator==(const Config&) const = default;
};

// All errors wait for the owner and name file, line and key, and the fix:
//   config.syntax        not TOML
//   config.unknown_key   a key or table that does not exist
//   config.wrong_type    a number where text belongs, ...
//   config.invalid       the right type, but not a value that can work
//   config.required      a key without a default is not there
// `filename` is only for these messages. Pure.
Result<Config> parse_config(std::string_view text, std::string_view filename);

// Reads that one file and nothing else (the PEM files are only named). Further errors:
//   config.missing       there is no such file
//   config.unreadable    no permission, a directory, ...
//   config.too_large     above 64 KiB
Result<Config> load_config(const std::string& path);

// A PEM file that the key names: a plain file of 256 KiB at most, never waited for. Error: config.file.
Result<std::string> load_pem(const std::string& path, std::string_view key);

// "debug", "info", "warning" or "error". Error: config.invalid, as half a sentence like those of url.hpp.
Result<Level> parse_level(std::string_view text);

// The keys whose values differ, as written in the file ("cloud.url"), in the file's order.
std::vector<std::string> diff(const Config& before, const Config& after);

}  // namespace qcloud
