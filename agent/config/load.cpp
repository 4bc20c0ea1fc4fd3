#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "agent/config/config.hpp"

namespace qcloud {
namespace {

constexpr size_t max_size = size_t{64} * 1024, max_pem = size_t{256} * 1024;

Error unreadable(const std::string& path, const char* why) {
  return {"config.unreadable", Retry::wait_for_owner, path + " cannot be read: " + why + ".",
          "Make it a plain file that the user of qcloudd may read (usually root, mode 0644)."};
}

// The whole file, or somewhat more than is allowed; negative on error.
ssize_t read_all(int fd, std::string& text, size_t most) {
  std::array<char, 8192> part;
  while (text.size() <= most) {
    ssize_t got = ::read(fd, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got;
    text.append(part.data(), static_cast<size_t>(got));
  }
  return 0;
}

}  // namespace

Result<Config> load_config(const std::string& path) {
  // Non-blocking, so that a pipe in the file's place is an error and not a hang.
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return Error{"config.missing", Retry::wait_for_owner, "There is no configuration file " + path + ".",
                 "Write " + path +
                     "; start from qcloud.toml.example: it needs [cloud] with url, trust and receipt_key."};
  if (fd < 0) return unreadable(path, std::strerror(errno));
  struct stat info {};
  bool plain = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  std::string text;
  ssize_t result = plain ? read_all(fd, text, max_size) : 0;
  int code = errno;
  ::close(fd);
  if (!plain) return unreadable(path, "it is not a plain file");
  if (result < 0) return unreadable(path, std::strerror(code));
  if (text.size() > max_size)
    return Error{"config.too_large", Retry::wait_for_owner, path + " is larger than 64 KiB.",
                 "Write the few keys of qcloud.toml.example; nothing else belongs into this file."};
  return parse_config(text, path);
}

Result<std::string> load_pem(const std::string& path, std::string_view key) {
  auto bad = [&](const std::string& why) {
    return Error{"config.file", Retry::wait_for_owner, path + ": " + why + ".",
                 "Let " + std::string(key) + " name the vendor's PEM file."};
  };
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return bad(std::string("cannot be read: ") + std::strerror(errno));
  struct stat info {};
  bool plain = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  std::string text;
  bool good = plain && read_all(fd, text, max_pem) >= 0;
  ::close(fd);
  if (!plain) return bad("this is no plain file");
  if (!good) return bad("cannot be read");
  if (text.size() > max_pem) return bad("this is larger than any PEM file that is meant");
  return text;
}

}  // namespace qcloud
