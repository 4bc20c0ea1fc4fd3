#include "platform/system_rng.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace qcloud {
namespace {

int open_device(const char* path) {
  int fd;
  do fd = ::open(path, O_RDONLY | O_CLOEXEC);
  while (fd < 0 && errno == EINTR);
  return fd;
}

// /dev/urandom answers before the pool was ever seeded; /dev/random turns readable once it was.
// Without this a box of that age could make its key from nothing in the first seconds of a boot.
void wait_seeded() {
  static bool seeded = false;
  if (seeded) return;
  int fd = open_device("/dev/random");
  if (fd >= 0) {
    pollfd wait{fd, POLLIN, 0};
    while (::poll(&wait, 1, -1) < 0 && errno == EINTR) {
    }
    ::close(fd);
  }
  seeded = true;
}

}  // namespace

bool fill_from_syscall(std::span<unsigned char> out) {
  while (!out.empty()) {
    ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;  // ENOSYS; EPERM below an old sandbox
    out = out.subspan(static_cast<size_t>(got));
  }
  return true;
}

bool fill_from_device(std::span<unsigned char> out) {
  wait_seeded();
  int fd = open_device("/dev/urandom");
  if (fd < 0) return false;
  while (!out.empty()) {
    ssize_t got = ::read(fd, out.data(), out.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    out = out.subspan(static_cast<size_t>(got));
  }
  ::close(fd);
  return out.empty();
}

void SystemRng::fill(std::span<unsigned char> out) {
  if (fill_from_syscall(out) || fill_from_device(out)) return;
  std::fputs("qcloudd: the system has no randomness: neither getrandom nor /dev/urandom\n", stderr);
  std::abort();
}

}  // namespace qcloud
