#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "platform/linux/block_activity.hpp"
#include "tests/platform/fixture.hpp"
#include "tests/platform/set_clock.hpp"

using namespace qcloud;

namespace {

std::string number(unsigned major, unsigned minor) {
  return "sys/dev/block/" + std::to_string(major) + ":" + std::to_string(minor);
}

// sda with sda1, sdb with sdb1; md9 over both; dm-0 over md9; dm-1 over dm-0.
void machine(const Tree& box) {
  for (std::string disk : {"sda", "sdb"}) {
    auto home = "sys/devices/pci/block/" + disk;
    box.write(home + "/stat", "1 0 8 0 1 0 8 0 0 0 0\n");
    box.write(home.append("/").append(disk).append("1/partition"), "1\n");
  }
  box.link(number(8, 1), "sys/devices/pci/block/sda/sda1");
  box.folder("sys/devices/virtual/block/md9/md");
  box.link("sys/devices/virtual/block/md9/slaves/sda1", "sys/devices/pci/block/sda/sda1");
  box.link("sys/devices/virtual/block/md9/slaves/sdb1", "sys/devices/pci/block/sdb/sdb1");
  box.link(number(9, 9), "sys/devices/virtual/block/md9");
  box.folder("sys/devices/virtual/block/dm-0/dm");
  box.link("sys/devices/virtual/block/dm-0/slaves/md9", "sys/devices/virtual/block/md9");
  box.folder("sys/devices/virtual/block/dm-1/dm");
  box.link("sys/devices/virtual/block/dm-1/slaves/dm-0", "sys/devices/virtual/block/dm-0");
  box.link(number(253, 1), "sys/devices/virtual/block/dm-1");
}

}  // namespace

TEST_CASE("which device's counters tell") {
  Tree box;
  machine(box);
  auto at = [&](const char* name) { return std::vector<std::string>{box.path() + "/sys/devices/" + name}; };
  CHECK(block_devices(box.path(), 8, 1) == at("pci/block/sda"));  // a partition: its disk
  auto both = std::vector<std::string>{at("pci/block/sda")[0], at("pci/block/sdb")[0]};
  CHECK(block_devices(box.path(), 9, 9) == both);    // an array: all its disks
  CHECK(block_devices(box.path(), 253, 1) == both);  // encryption on LVM on the array
  CHECK(block_devices(box.path(), 0, 42).empty());   // tmpfs, overlay
}

TEST_CASE("mapped volumes in a circle end") {
  Tree box;
  box.folder("sys/devices/virtual/block/dm-0/dm");
  box.link("sys/devices/virtual/block/dm-0/slaves/dm-0", "sys/devices/virtual/block/dm-0");
  box.link(number(253, 0), "sys/devices/virtual/block/dm-0");
  CHECK(block_devices(box.path(), 253, 0).size() == 1);
}

TEST_CASE("awake while the counters change, and for a minute") {
  Tree box;
  struct stat info;
  REQUIRE(::stat(box.path().c_str(), &info) == 0);
  box.write("sys/devices/pci/block/sda/stat", "1 0 8 0 1 0 8 0 0 0 0\n");
  box.link(number(major(info.st_dev), minor(info.st_dev)), "sys/devices/pci/block/sda");
  SetClock clock;
  BlockActivity disk(box.path() + "/not/made/yet", box.path(), clock);
  CHECK_FALSE(disk.awake());
  box.write("sys/devices/pci/block/sda/stat", "2 0 16 0 1 0 8 0 0 0 0\n");
  clock.at = seconds(10);
  CHECK(disk.awake());
  clock.at = seconds(70);
  CHECK(disk.awake());
  clock.at = seconds(71);
  CHECK_FALSE(disk.awake());
  box.remove("sys/devices/pci/block/sda/stat");
  CHECK(disk.awake());  // cannot tell any more
}

TEST_CASE("a look after a long while proves nothing, the next one may") {
  Tree box;
  SetClock clock;
  auto stat = [&](const char* text) { box.write("disk/stat", text); };
  stat("1\n");
  BlockActivity disk({box.path() + "/disk"}, clock);
  stat("2\n");  // some time in the night
  clock.at = hours(24);
  CHECK_FALSE(disk.awake());
  clock.at += seconds(45);
  CHECK_FALSE(disk.awake());
  stat("3\n");
  clock.at += seconds(45);
  CHECK(disk.awake());
}

TEST_CASE("each disk that a write would wake must turn; what cannot turn does not count") {
  Tree box;
  SetClock clock;
  for (std::string disk : {"a", "b"}) box.write(disk + "/stat", "1\n");
  std::vector<std::string> disks{box.path() + "/a", box.path() + "/b"};
  SUBCASE("reading an array turns one of its disks") {
    BlockActivity disk(disks, clock);
    box.write("a/stat", "2\n");
    CHECK_FALSE(disk.awake());
    box.write("b/stat", "2\n");
    clock.at = seconds(30);
    CHECK(disk.awake());
  }
  SUBCASE("one of them is a solid state disk") {
    box.write("b/queue/rotational", "0\n");
    BlockActivity disk(disks, clock);
    CHECK_FALSE(disk.awake());
    box.write("a/stat", "2\n");
    CHECK(disk.awake());
  }
  SUBCASE("all are") {
    for (std::string each : {"a", "b"}) box.write(each + "/queue/rotational", "0\n");
    CHECK(BlockActivity(disks, clock).awake());
  }
}

TEST_CASE("awake where nobody can tell") {
  Tree box;
  SetClock clock;
  BlockActivity disk(box.path(), box.path(), clock);
  CHECK(disk.awake());
  clock.at = hours(1);
  CHECK(disk.awake());
}
