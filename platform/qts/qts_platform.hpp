// QTS and QuTS hero. Everything is read below `root`: a folder with the files of a box is a box, but for
// what only the running kernel knows (addresses, whether the clock is right).
#pragma once

#include "platform/box.hpp"

namespace qcloud {

class QtsPlatform final : public Box {
 public:
  // As open_platform() in platform/open.hpp. PlatformOptions::system is not used.
  static Result<std::unique_ptr<QtsPlatform>> open(const boost::asio::any_io_executor& executor, Clock& clock,
                                                   const PlatformOptions& options);
  ~QtsPlatform() override;

  Platform& platform() override;
  Task<void> run() override;

 private:
  struct Parts;
  explicit QtsPlatform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Configuration and state in /etc/config/qcloud, by its real name on /mnt/HDA_ROOT: if that is not
// mounted one day, nothing is written into memory by mistake. Before the set-up, the state is in the run
// folder, not in /etc/config: the set-up would copy half of an identity from there.
// The run folder is /var/run/qcloud, in memory; never /tmp: QTS takes disks for lost when that is full.
// Nothing is in the package's folder: removing a package removes that, and a restart unpacks it anew.
Paths qts_paths(const PlatformOptions& options);

}  // namespace qcloud
