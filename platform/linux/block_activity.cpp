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

// Mapped volumes on mapped volumes exist (encryption on LVM on md); deeper than this nobody goes.
constexpr int max_depth = 8;

void collect(const fs::path& device, int depth, std::vector<std::string>& out) {
  std::error_code failed;
  auto real = fs::canonical(device, failed);
  if (failed || depth > max_depth) return;
  if (fs::exists(real / "partition", failed)) real = real.parent_path();
  if (fs::exists(real / "dm", failed)) {
    size_t before = out.size();
    fs::directory_iterator slaves(real / "slaves", failed), end;
    for (; !failed && slaves != end; slaves.increment(failed)) collect(slaves->path(), depth + 1, out);
    if (out.size() > before) return;
  }
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

}  // namespace

std::vector<std::string> block_devices(const std::string& system, unsigned major, unsigned minor) {
  std::vector<std::string> out;
  collect(below(system, "sys/dev/block/" + std::to_string(major) + ":" + std::to_string(minor)), 0, out);
  std::sort(out.begin(), out.end());
  return out;
}

BlockActivity::BlockActivity(std::string state_dir, const std::string& system, Clock& clock) : clock_(clock) {
  auto device = device_of(std::move(state_dir));
  if (!device) return;
  for (const auto& each : block_devices(system, major(*device), minor(*device)))
    stat_files_.push_back(each + "/stat");
  last_ = counters().value_or("");
}

std::optional<std::string> BlockActivity::counters() const {
  std::string all;
  for (const auto& file : stat_files_) {
    auto text = read_file(file);
    if (!text || text->empty()) return std::nullopt;
    all += *text;
  }
  return stat_files_.empty() ? std::nullopt : std::optional(all);
}

bool BlockActivity::awake() {
  auto current = counters();
  if (!current) return true;
  // Any difference is activity; requests in flight make the figures differ as well.
  if (*current != last_) {
    last_ = std::move(*current);
    last_change_ = clock_.now();
  }
  return last_change_ && clock_.now() - *last_change_ <= spin_down;
}

}  // namespace qcloud
