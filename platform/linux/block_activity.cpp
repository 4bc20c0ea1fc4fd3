#include "platform/linux/block_activity.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>

#include "platform/linux/read_file.hpp"

namespace qcloud {
namespace {

namespace fs = std::filesystem;

constexpr seconds spin_down{60};

// Mapped volumes on mapped volumes on arrays exist; deeper than this nobody goes.
constexpr int max_depth = 8;

void collect(const fs::path& device, int depth, std::vector<std::string>& out) {
  fs::path real = real_path(device.string());
  if (real.empty() || depth > max_depth) return;
  if (exists((real / "partition").string())) real = real.parent_path();
  size_t before = out.size();
  std::error_code failed;
  fs::directory_iterator slaves(real / "slaves", failed), end;
  for (; !failed && slaves != end; slaves.increment(failed)) collect(slaves->path(), depth + 1, out);
  if (out.size() > before) return;
  auto name = real.string();
  if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
}

// The nearest directory of the path that exists: the state directory may not have been made yet.
std::optional<dev_t> device_of(std::string path) {
  struct stat info;
  while (::stat(path.c_str(), &info) != 0) {
    size_t slash = path.find_last_of('/');
    if (slash == std::string::npos || path == "/") return std::nullopt;
    path.resize(std::max<size_t>(slash, 1));
  }
  return info.st_dev;
}

std::vector<std::string> disks_of(std::string state_dir, const std::string& system) {
  auto device = device_of(std::move(state_dir));
  return device ? block_devices(system, major(*device), minor(*device)) : std::vector<std::string>();
}

bool turns(const std::string& disk) { return read_file(below(disk, "queue/rotational")) != "0\n"; }

}  // namespace

std::vector<std::string> block_devices(const std::string& folder) {
  std::vector<std::string> out;
  collect(folder, 0, out);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> block_devices(const std::string& system, unsigned major, unsigned minor) {
  return block_devices(below(system, "sys/dev/block/" + std::to_string(major) + ":" + std::to_string(minor)));
}

BlockActivity::BlockActivity(std::string state_dir, const std::string& system, Clock& clock)
    : BlockActivity(disks_of(std::move(state_dir), system), clock) {}

BlockActivity::BlockActivity(const std::vector<std::string>& disks, Clock& clock)
    : clock_(clock), looked_(clock.now()) {
  for (const auto& disk : disks)
    if (turns(disk)) disks_.push_back({below(disk, "stat"), read_file(below(disk, "stat")).value_or(""), {}});
}

bool BlockActivity::used(Disk& disk, Instant now) const {
  auto current = read_file(disk.stat_file);
  if (!current || current->empty()) return true;  // nobody can tell
  // Any difference is activity; requests in flight make the figures differ as well. One that may have
  // happened more than a minute ago says nothing about now.
  if (*current != disk.last && now - looked_ <= spin_down) disk.changed = now;
  disk.last = *std::move(current);
  return disk.changed && now - *disk.changed <= spin_down;
}

bool BlockActivity::awake() {
  Instant now = clock_.now();
  bool all = true;
  for (auto& disk : disks_) all = used(disk, now) && all;
  looked_ = now;
  return all;
}

}  // namespace qcloud
