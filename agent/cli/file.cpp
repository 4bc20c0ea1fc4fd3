#include "agent/cli/file.hpp"

#include "agent/cli/text.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace qcloud::cli {
namespace {

Failure because(const std::string& what, const std::string& path, const std::string& fix) {
  return {Exit::refused, what + " " + plain(path) + ": " + std::strerror(errno) + ".", fix, ""};
}

Result<void> write_all(int fd, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const auto put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno != EINTR) return because("Cannot write", path, "Is the disk full?");
    if (put > 0) text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(fd) != 0 && errno != EINVAL) return because("Cannot write", path, "Is the disk full?");
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  char block[4096];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(file.gcount()));
    if (text.size() > most)
      return Failure{Exit::refused,
                     plain(path) + " is larger than " + bytes(static_cast<std::int64_t>(most)) + ".",
                     "Check that it is the right file.", ""};
  }
  if (!file.eof()) {
    if (errno == 0) errno = EISDIR;
    return because("Cannot read", path, "Check the path.");
  }
  return text;
}

Result<void> write_file(const std::string& path, std::string_view text, bool force) {
  if (force) ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 && errno == EEXIST)
    return Failure{Exit::refused, plain(path) + " is there already; it was not touched.",
                   "Choose another name, or add --force to replace it.", ""};
  if (fd < 0) return because("Cannot write", path, "Check the folder.");
  auto written = write_all(fd, path, text);
  ::close(fd);
  if (!written) ::unlink(path.c_str());
  return written;
}

}  // namespace qcloud::cli
