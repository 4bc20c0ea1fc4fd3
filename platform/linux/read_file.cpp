#include "platform/linux/read_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/linux/fd.hpp"

namespace qcloud {

std::optional<std::string> read_file(const std::string& path, size_t limit) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
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

std::string below(const std::string& prefix, const std::string& path) {
  size_t size = prefix.size();
  while (size > 0 && prefix[size - 1] == '/') --size;
  return prefix.substr(0, size) + "/" + path;
}

}  // namespace qcloud
