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

// Whose membership counts, besides uid 0.
struct AdminRule {
  std::vector<std::string> groups = {"qcloud", "administrators", "sudo"};
  // By the connection's gid and by the user's own group in passwd; else only by name in the member list.
  bool by_gid = true;
  uid_t least_uid = 1;  // below it are the system's own accounts
};

// Admin is: uid 0; or a member of one of the rule's groups. The files are read again when they changed.
// Unreadable files make nobody an admin but root.
class GroupAuth final : public SessionAuth {
 public:
  explicit GroupAuth(const std::string& root);  // ROOT/etc/passwd and ROOT/etc/group
  GroupAuth(std::string passwd_file, std::string group_file, AdminRule rule);
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
  AdminRule rule_;
  Stamp passwd_stamp_, group_stamp_;
  std::vector<User> users_;
  std::vector<gid_t> admin_groups_;
  std::vector<std::string> admin_names_;
};

}  // namespace qcloud
