// The one door to the platforms: which one is this, where are its files, and the box itself.
#pragma once

#include <string_view>

#include "platform/box.hpp"

namespace qcloud {

// "qts" where the system below `root` says that it is QTS or QuTS hero, else "linux".
std::string detect_platform(const std::string& root);

// The files and folders of the agent. `kind`: "auto" (detects), "qts" or anything else, which is "linux".
// Reads a few small files, makes nothing; also for --check-config, which needs no box.
Paths platform_paths(std::string_view kind, const PlatformOptions& options);

// `kind` as above. `clock` must outlive the box. Fails (platform.no_netlink) only where the kernel gives
// no addresses. Facts and the first net state are there when this returns; it reads small files and
// never waits. The paths to use are those of its Platform.
Result<std::unique_ptr<Box>> open_platform(std::string_view kind,
                                           const boost::asio::any_io_executor& executor, Clock& clock,
                                           const PlatformOptions& options = {});

}  // namespace qcloud
