// SessionAuth by the box's own files. No NSS: it would pull directory services (and their network)
// into the agent, and a static binary cannot load its modules anyway.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/platform.hpp"

namespace qcloud {

// Admin is: uid 0; or a member of the group `qcloud`, `administrators` or `sudo` in ROOT/etc/group,
// by the connection's gid, by the user's own group in ROOT/etc/passwd, or by name in the member list.
// The files are read again when they changed. Unreadable files make nobody an admin but root.
class GroupAuth final : public SessionAuth {
 public:
  explicit GroupAuth(const std::string& root);
  bool admin(uid_t uid, gid_t gid) override;

 private:
  // Changes with each edit, also within the clock's granularity: tools write a new file and rename.
  struct Stamp {
    std::int64_t seconds = -1, nanoseconds = 0;
    std::uint64_t inode = 0, size = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct User {
    uid_t uid;
    gid_t gid;
    std::string name;
  };
  static Stamp stamp(const std::string& path);
  void reload();

  std::string passwd_file_, group_file_;
  Stamp passwd_stamp_, group_stamp_;
  std::vector<User> users_;
  std::vector<gid_t> admin_groups_;
  std::vector<std::string> admin_names_;
};

}  // namespace qcloud
