// Any Linux. Owns the capabilities that its Platform refers to.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "agent/core/clock.hpp"
#include "agent/core/result.hpp"
#include "agent/core/task.hpp"
#include "platform/platform.hpp"

namespace qcloud {

struct LinuxOptions {
  std::string root = "/";    // before /etc, /var and /run
  std::string state_dir;     // as given, not below root; empty = ROOT/var/lib/qcloud
  std::string system = "/";  // before /sys and /proc: a container may see the host's elsewhere
};

class LinuxPlatform {
 public:
  // `clock` must outlive it. Fails (platform.no_netlink) only where the kernel gives no addresses.
  // Facts and the first net state are there when this returns; it reads small files and never waits.
  static Result<std::unique_ptr<LinuxPlatform>> open(const boost::asio::any_io_executor& executor,
                                                     Clock& clock, const LinuxOptions& options = {});
  ~LinuxPlatform();
  LinuxPlatform(const LinuxPlatform&) = delete;

  Platform& platform();

  // Keeps the facts current (at present: the net state) until it is cancelled. Who spawns it
  // keeps this object until it returned.
  Task<void> run();

 private:
  struct Parts;
  explicit LinuxPlatform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// The files and folders of the agent; also for --check-config, which needs no platform.
Paths linux_paths(const LinuxOptions& options);

}  // namespace qcloud
