// A platform with what it lives on. Who opens one (platform/open.hpp) keeps it for the process's life.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "agent/core/clock.hpp"
#include "agent/core/result.hpp"
#include "agent/core/task.hpp"
#include "platform/platform.hpp"

namespace qcloud {

struct PlatformOptions {
  std::string root = "/";    // before /etc, /var and /run; on QTS before /proc and /sys as well
  std::string state_dir;     // as given, not below root; empty = the platform's own choice
  std::string system = "/";  // generic Linux, before /sys and /proc: a container may see the host's elsewhere
};

class Box {
 public:
  Box() = default;
  virtual ~Box() = default;
  Box(const Box&) = delete;

  virtual Platform& platform() = 0;

  // Keeps the facts current (at present: the net state) until it is cancelled. Who spawns it
  // keeps this object until it returned.
  virtual Task<void> run() = 0;
};

}  // namespace qcloud
