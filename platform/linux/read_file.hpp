// Small text files: /proc, /sys, /etc.
#pragma once

#include <optional>
#include <string>

namespace qcloud {

// Nothing where it cannot be read; cut at `limit` bytes.
std::optional<std::string> read_file(const std::string& path, size_t limit = 4096);

// For any file's date: std::filesystem fails on ARMv7 for one after 2038, which /sys is full of then.
bool exists(const std::string& path);
// Without links; empty where it does not exist.
std::string real_path(const std::string& path);

// "/" and "etc/passwd" -> "/etc/passwd"; "/mnt/box/" and "etc/passwd" -> "/mnt/box/etc/passwd".
std::string below(const std::string& prefix, const std::string& path);

}  // namespace qcloud
