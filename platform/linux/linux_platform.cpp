#include "platform/linux/linux_platform.hpp"

#include "platform/linux/block_activity.hpp"
#include "platform/linux/device_facts.hpp"
#include "platform/linux/group_auth.hpp"
#include "platform/linux/kernel_settings.hpp"
#include "platform/linux/net_watch.hpp"
#include "platform/linux/read_file.hpp"

namespace qcloud {

struct LinuxPlatform::Parts {
  Parts(std::unique_ptr<NetlinkWatch> watch, Clock& clock, const LinuxOptions& options, Paths paths)
      : net(std::move(watch)),
        disk(paths.state_dir, options.system, clock),
        auth(options.root),
        platform{"linux",
                 read_device_facts(options.root, options.system),
                 std::move(paths),
                 true,
                 "",
                 *net,
                 disk,
                 auth,
                 settings} {}

  std::unique_ptr<NetlinkWatch> net;
  BlockActivity disk;
  GroupAuth auth;
  KernelSettings settings;
  Platform platform;
};

LinuxPlatform::LinuxPlatform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
LinuxPlatform::~LinuxPlatform() = default;

Result<std::unique_ptr<LinuxPlatform>> LinuxPlatform::open(const boost::asio::any_io_executor& executor,
                                                           Clock& clock, const LinuxOptions& options) {
  auto net = NetlinkWatch::open(executor, clock);
  if (!net) return std::move(net).error();
  auto parts = std::make_unique<Parts>(*std::move(net), clock, options, linux_paths(options));
  return std::unique_ptr<LinuxPlatform>(new LinuxPlatform(std::move(parts)));
}

Platform& LinuxPlatform::platform() { return parts_->platform; }

Task<void> LinuxPlatform::run() { return parts_->net->run(); }

Paths linux_paths(const LinuxOptions& options) {
  return {below(options.root, "etc/qcloud/qcloud.toml"),
          options.state_dir.empty() ? below(options.root, "var/lib/qcloud") : options.state_dir,
          below(options.root, "run/qcloud")};
}

}  // namespace qcloud
