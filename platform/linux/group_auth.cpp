#include "platform/linux/group_auth.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "platform/linux/read_file.hpp"

namespace qcloud {
namespace {

// Ten thousands of users; beyond it the rest is not read, and nobody there is an admin.
constexpr size_t max_file = 4 << 20;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// Strict: an empty or broken number must not turn into 0, which is root.
std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Lines with at least `fields` fields; not the "+" and "-" lines of NIS.
template <class F>
void each_line(const std::string& path, size_t fields, F use) {
  auto text = read_file(path, max_file);
  if (!text) return;
  for (auto line : split(*text, '\n')) {
    auto parts = split(line, ':');
    if (parts.size() < fields || parts[0].empty() || parts[0][0] == '+' || parts[0][0] == '-' ||
        parts[0][0] == '#')
      continue;
    use(parts);
  }
}

}  // namespace

GroupAuth::GroupAuth(const std::string& root)
    : GroupAuth(below(root, "etc/passwd"), below(root, "etc/group"), {}) {}

GroupAuth::GroupAuth(std::string passwd_file, std::string group_file, AdminRule rule)
    : passwd_file_(std::move(passwd_file)), group_file_(std::move(group_file)), rule_(std::move(rule)) {}

GroupAuth::Stamp GroupAuth::stamp(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ino, static_cast<std::uint64_t>(info.st_size)};
}

void GroupAuth::reload() {
  users_.clear();
  admin_groups_.clear();
  admin_names_.clear();
  each_line(passwd_file_, 4, [&](const std::vector<std::string_view>& part) {
    auto uid = number(part[2]), gid = number(part[3]);
    if (uid && gid) users_.push_back({*uid, *gid, std::string(part[0])});
  });
  each_line(group_file_, 4, [&](const std::vector<std::string_view>& part) {
    auto gid = number(part[2]);
    if (!gid || std::find(rule_.groups.begin(), rule_.groups.end(), part[0]) == rule_.groups.end()) return;
    admin_groups_.push_back(*gid);
    for (auto name : split(part[3], ','))
      if (!name.empty()) admin_names_.emplace_back(name);
  });
}

bool GroupAuth::admin(uid_t uid, gid_t gid) {
  if (uid == 0) return true;
  if (uid < rule_.least_uid) return false;
  // The stamps are taken before reading: an edit in between leads to one more reload, never to none.
  Stamp passwd = stamp(passwd_file_), group = stamp(group_file_);
  if (passwd != passwd_stamp_ || group != group_stamp_) {
    passwd_stamp_ = passwd;
    group_stamp_ = group;
    reload();
  }
  auto is_admin_group = [&](gid_t each) {
    return rule_.by_gid && std::find(admin_groups_.begin(), admin_groups_.end(), each) != admin_groups_.end();
  };
  if (is_admin_group(gid)) return true;
  return std::any_of(users_.begin(), users_.end(), [&](const User& user) {
    return user.uid == uid && (is_admin_group(user.gid) || std::find(admin_names_.begin(), admin_names_.end(),
                                                                     user.name) != admin_names_.end());
  });
}

}  // namespace qcloud
