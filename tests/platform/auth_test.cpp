#include <doctest/doctest.h>

#include "platform/linux/group_auth.hpp"
#include "tests/platform/fixture.hpp"

using namespace qcloud;

namespace {

const char* const passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "anna:x:1000:1000::/home/anna:/bin/sh\n"
    "bert:x:1001:27::/home/bert:/bin/sh\n"
    "carl:x:1002:1002::/home/carl:/bin/sh\n"
    "broken:x::27:::\n"
    "+nis:x:1003:27:::\n";

const char* const group =
    "root:x:0:\n"
    "sudo:x:27:anna\n"
    "administrators:x:1100:dora,,emil\n"
    "audio:x:29:carl\n"
    "qcloud:x:900:\n";

}  // namespace

TEST_CASE("root always is an admin, without any file") {
  Tree box;
  GroupAuth auth(box.path());
  CHECK(auth.admin(0, 0));
  CHECK(auth.admin(0, 65534));
  CHECK_FALSE(auth.admin(1000, 1000));
  CHECK_FALSE(auth.admin(65534, 0));
}

TEST_CASE("members of the admin groups") {
  Tree box;
  box.write("etc/passwd", passwd);
  box.write("etc/group", group);
  GroupAuth auth(box.path());
  CHECK(auth.admin(1000, 1000));        // by name in the list
  CHECK(auth.admin(1001, 1001));        // by the user's own group
  CHECK(auth.admin(1002, 900));         // by the connection's group
  CHECK_FALSE(auth.admin(1002, 1002));  // member of another group
  CHECK_FALSE(auth.admin(1003, 1003));  // NIS lines are none
  CHECK_FALSE(auth.admin(4711, 4711));  // nobody knows this one
}

TEST_CASE("a broken line gives nothing to nobody") {
  Tree box;
  box.write("etc/passwd", passwd);
  box.write("etc/group", "sudo:x::carl\nsudo\nsudo:x:0x1b:carl\nqcloud:x:-1:carl\n#sudo:x:27:carl\n");
  GroupAuth auth(box.path());
  CHECK_FALSE(auth.admin(1002, 1002));
  CHECK_FALSE(auth.admin(1000, 0));
}

TEST_CASE("a change of the files counts at once") {
  Tree box;
  box.write("etc/passwd", passwd);
  box.write("etc/group", group);
  GroupAuth auth(box.path());
  CHECK(auth.admin(1000, 1000));
  box.write("etc/group.new", "sudo:x:27:carl\n");
  box.remove("etc/group");
  CHECK_FALSE(auth.admin(1000, 1000));
  box.write("etc/group", "sudo:x:27:carl\n");
  CHECK(auth.admin(1002, 1002));
}

TEST_CASE("a platform may count names only, and only those of people's accounts") {
  Tree box;
  box.write("etc/passwd", passwd);
  box.write("etc/group", "administrators:x:27:anna,bert\nsudo:x:28:carl\n");
  GroupAuth auth(box.path() + "/etc/passwd", box.path() + "/etc/group",
                 {.groups = {"administrators"}, .by_gid = false, .least_uid = 1001});
  CHECK(auth.admin(0, 65534));
  CHECK(auth.admin(1001, 65534));
  CHECK_FALSE(auth.admin(1000, 1000));  // by name, but an account of the system
  CHECK_FALSE(auth.admin(1002, 27));    // by gid
  CHECK_FALSE(auth.admin(1002, 1002));  // another platform's group
}
