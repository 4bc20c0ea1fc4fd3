#include "platform/linux/read_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "platform/linux/fd.hpp"

namespace qcloud {

std::optional<std::string> read_file(const std::string& path, size_t limit) {
  // Without O_NOATIME reading is a write to the disk. Only for the file's owner, which root always is.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOATIME));
  if (!fd && errno == EPERM) fd = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::nullopt;
  std::string text;
  char part[4096];
  while (text.size() < limit) {
    ssize_t got = ::read(fd.get(), part, std::min(sizeof part, limit - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(part, static_cast<size_t>(got));
  }
  return text;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::string real_path(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  std::string out = real ? real : "";
  std::free(real);
  return out;
}

std::string below(const std::string& prefix, const std::string& path) {
  size_t size = prefix.size();
  while (size > 0 && prefix[size - 1] == '/') --size;
  return prefix.substr(0, size) + "/" + path;
}

}  // namespace qcloud
