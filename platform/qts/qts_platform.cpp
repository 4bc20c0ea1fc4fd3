#include "platform/qts/qts_platform.hpp"

#include "platform/linux/block_activity.hpp"
#include "platform/linux/group_auth.hpp"
#include "platform/linux/kernel_settings.hpp"
#include "platform/linux/net_watch.hpp"
#include "platform/linux/read_file.hpp"
#include "platform/qts/box_files.hpp"
#include "platform/qts/device.hpp"
#include "platform/qts/ini.hpp"
#include "platform/qts/init_state.hpp"

namespace qcloud {
namespace {

Paths paths_of(const BoxFiles& files, const InitState& init, const PlatformOptions& options) {
  auto run = files.real("var/run/qcloud");
  auto own = init.initialized ? files.real("etc/config/qcloud") : run + "/state";
  return {files.real("etc/config/qcloud/qcloud.toml"), options.state_dir.empty() ? own : options.state_dir,
          run};
}

// The group has the gid 0 on QTS, and QTS's own web server runs with that gid: only names count, and only
// those of accounts that people made.
GroupAuth admins(const BoxFiles& files) {
  return GroupAuth(files.real("etc/passwd"), files.real("etc/group"),
                   {.groups = {"administrators"}, .by_gid = false, .least_uid = 500});
}

BlockActivity disks(const InitState& init, const PlatformOptions& options, Clock& clock) {
  if (!options.state_dir.empty()) return BlockActivity(options.state_dir, options.root, clock);
  if (!init.initialized) return BlockActivity({}, clock);
  auto name = init.device.substr(init.device.rfind('/') + 1);
  return BlockActivity(block_devices(below(options.root, "sys/class/block/" + name)), clock);
}

class QtsSettings final : public SystemSettings {
 public:
  explicit QtsSettings(const BoxFiles& files) : files_(files) {}
  bool clock_synchronized() override { return kernel_.clock_synchronized(); }
  std::string web_proxy() override {
    auto text = files_.read("etc/config/uLinux.conf");
    auto value = [&](const char* key) { return ini_value(text, "System", key).value_or(""); };
    return proxy_url(value("proxy toggle"), value("proxy server"), value("proxy port"));
  }

 private:
  const BoxFiles& files_;
  KernelSettings kernel_;
};

}  // namespace

struct QtsPlatform::Parts {
  Parts(std::unique_ptr<NetlinkWatch> watch, Clock& clock, const PlatformOptions& options)
      : files(options.root),
        init(read_init_state(files)),
        net(std::move(watch)),
        disk(disks(init, options, clock)),
        auth(admins(files)),
        settings(files),
        platform{"qts",
                 qts_device_facts(files, options.root),
                 paths_of(files, init, options),
                 init.initialized,
                 init.missing,
                 *net,
                 disk,
                 auth,
                 settings} {}

  BoxFiles files;
  InitState init;
  std::unique_ptr<NetlinkWatch> net;
  BlockActivity disk;
  GroupAuth auth;
  QtsSettings settings;
  Platform platform;
};

QtsPlatform::QtsPlatform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
QtsPlatform::~QtsPlatform() = default;

Result<std::unique_ptr<QtsPlatform>> QtsPlatform::open(const boost::asio::any_io_executor& executor,
                                                       Clock& clock, const PlatformOptions& options) {
  auto net = NetlinkWatch::open(executor, clock);
  if (!net) return std::move(net).error();
  auto parts = std::make_unique<Parts>(*std::move(net), clock, options);
  return std::unique_ptr<QtsPlatform>(new QtsPlatform(std::move(parts)));
}

Platform& QtsPlatform::platform() { return parts_->platform; }

Task<void> QtsPlatform::run() { return parts_->net->run(); }

Paths qts_paths(const PlatformOptions& options) {
  BoxFiles files(options.root);
  return paths_of(files, read_init_state(files), options);
}

}  // namespace qcloud
