#include "agent/cli/host.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string_view>

namespace qcloud::cli {
namespace {

// A signal handler reaches nothing but globals; this pipe is the whole of it.
int interrupt_pipe[2] = {-1, -1};

void on_interrupt(int) {
  const int kept = errno;
  [[maybe_unused]] const auto written = write(interrupt_pipe[1], "!", 1);
  errno = kept;
}

int catch_interrupt() {
  if (interrupt_pipe[0] < 0 && pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) == 0) {
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
  }
  return interrupt_pipe[0];
}

bool pause(int milliseconds) {
  pollfd wanted{interrupt_pipe[0], POLLIN, 0};
  int got = 0;
  do got = poll(&wanted, 1, milliseconds);
  while (got < 0 && errno == EINTR);
  return got > 0;
}

unsigned terminal_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return 80;
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

Host process_host() {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const std::string_view socket = environment("QCLOUD_SOCKET");
  return {.in = std::cin,
          .out = std::cout,
          .err = std::cerr,
          .in_terminal = isatty(STDIN_FILENO) == 1,
          .out_terminal = terminal,
          .color = terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb",
          .columns = terminal ? terminal_columns() : 80,
          .socket = std::string(socket.empty() ? "/run/qcloud/control.sock" : socket),
          .now = [] { return static_cast<std::int64_t>(std::time(nullptr)); },
          .catch_interrupt = catch_interrupt,
          .pause = pause};
}

}  // namespace qcloud::cli
