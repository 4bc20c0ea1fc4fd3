#include "platform/open.hpp"

#include "platform/linux/linux_platform.hpp"
#include "platform/qts/box_files.hpp"
#include "platform/qts/ini.hpp"
#include "platform/qts/qts_platform.hpp"

namespace qcloud {
namespace {

bool qts(std::string_view kind, const PlatformOptions& options) {
  return kind == "qts" || (kind == "auto" && detect_platform(options.root) == "qts");
}

template <class T>
Result<std::unique_ptr<Box>> any(Result<std::unique_ptr<T>> box) {
  if (!box) return std::move(box).error();
  return std::unique_ptr<Box>(*std::move(box));
}

}  // namespace

std::string detect_platform(const std::string& root) {
  BoxFiles files(root);
  // The first is there on a box in use, the second also before it was ever set up.
  if (files.file("etc/config/uLinux.conf") || files.file("etc/default_config/uLinux.conf")) return "qts";
  auto os = files.read("etc/os-release");
  auto id = ini_value(os, "", "ID").value_or("");
  return id == "qts" || id.starts_with("quts") ? "qts" : "linux";
}

Paths platform_paths(std::string_view kind, const PlatformOptions& options) {
  return qts(kind, options) ? qts_paths(options) : linux_paths(options);
}

Result<std::unique_ptr<Box>> open_platform(std::string_view kind,
                                           const boost::asio::any_io_executor& executor, Clock& clock,
                                           const PlatformOptions& options) {
  if (qts(kind, options)) return any(QtsPlatform::open(executor, clock, options));
  return any(LinuxPlatform::open(executor, clock, options));
}

}  // namespace qcloud
