// All that a command may touch of the process it runs in: streams, terminal, clock,
// Ctrl-C. Tests hand in their own.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

namespace qcloud::cli {

struct Host {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_terminal = false;
  bool out_terminal = false;
  bool color = false;  ///< stdout is a terminal that may be painted
  unsigned columns = 80;
  std::string socket;  ///< default of --socket

  std::function<std::int64_t()> now;  ///< Unix seconds

  /// From now on Ctrl-C does not end the program: it makes the returned descriptor
  /// readable, for good. Owned by the host.
  std::function<int()> catch_interrupt;

  /// Waits; true as soon as Ctrl-C was caught.
  std::function<bool(int milliseconds)> pause;
};

/// The real one. The only place of the CLI that reads clock, environment and terminal.
Host process_host();

}  // namespace qcloud::cli
