// Any Linux. Owns the capabilities that its Platform refers to.
#pragma once

#include "platform/box.hpp"

namespace qcloud {

using LinuxOptions = PlatformOptions;

class LinuxPlatform final : public Box {
 public:
  // `clock` must outlive it. Fails (platform.no_netlink) only where the kernel gives no addresses.
  // Facts and the first net state are there when this returns; it reads small files and never waits.
  static Result<std::unique_ptr<LinuxPlatform>> open(const boost::asio::any_io_executor& executor,
                                                     Clock& clock, const LinuxOptions& options = {});
  ~LinuxPlatform() override;

  Platform& platform() override;
  Task<void> run() override;

 private:
  struct Parts;
  explicit LinuxPlatform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// The files and folders of the agent; also for --check-config, which needs no platform.
Paths linux_paths(const LinuxOptions& options);

}  // namespace qcloud
