// Small text files: /proc, /sys, /etc.
#pragma once

#include <optional>
#include <string>

namespace qcloud {

// Nothing where it cannot be read; cut at `limit` bytes.
std::optional<std::string> read_file(const std::string& path, size_t limit = 4096);

// "/" and "etc/passwd" -> "/etc/passwd"; "/mnt/box/" and "etc/passwd" -> "/mnt/box/etc/passwd".
std::string below(const std::string& prefix, const std::string& path);

}  // namespace qcloud
