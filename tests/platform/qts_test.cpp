// Each capability over each box of tests/fixtures/qts.
#include "tests/platform/qts_box.hpp"

using namespace qcloud;

namespace {

const std::string config = "mnt/HDA_ROOT/.config/";

}  // namespace

TEST_CASE("QTS is recognized before and after its set-up; a plain Linux is not") {
  for (const char* fixture : {"x86_64-initialized", "arm64-initialized", "armv7-uninitialized"}) {
    QtsBox box(fixture);
    CAPTURE(fixture);
    CHECK(detect_platform(box.tree.path()) == "qts");
    CHECK(box.open().kind == "qts");
    CHECK(box.open("", "linux").kind == "linux");
    CHECK(platform_paths("linux", box.options()).state_dir == box.at("var/lib/qcloud"));
  }
  Tree linux_box;
  linux_box.write("etc/default_config/uLinux.conf", "");
  CHECK(detect_platform(linux_box.path()) == "qts");  // before anything was copied to /etc/config
  linux_box.remove("etc/default_config");
  CHECK(detect_platform(linux_box.path()) == "linux");
  linux_box.write("etc/os-release", "ID=debian\n");
  linux_box.folder("etc/config/uLinux.conf");
  CHECK(detect_platform(linux_box.path()) == "linux");
  linux_box.write("etc/os-release", "NAME=QTS\nID=qts\n");
  CHECK(detect_platform(linux_box.path()) == "qts");
  linux_box.write("etc/os-release", "ID=\"quts hero\"\n");
  CHECK(detect_platform(linux_box.path() + "/") == "qts");
}

TEST_CASE("QTS 5.2 on x86_64, in use") {
  QtsBox box("x86_64-initialized");
  auto& platform = box.open();
  CHECK(text(platform.facts.model) == "TS-453Be");
  CHECK(text(platform.facts.name) == "Attic-NAS");
  CHECK(text(platform.facts.serial_tail) == "7A31");
  CHECK(platform.facts.hardware.size() == 64);
  CHECK(platform.facts.boot_id == "b1d2c3a4-0000-4000-8000-0000000000a1");
  CHECK(platform.initialized);
  CHECK(platform.set_up == "");
  CHECK(platform.paths.config_file == box.at(config + "qcloud/qcloud.toml"));
  CHECK(platform.paths.state_dir == box.at(config + "qcloud"));
  CHECK(platform.paths.run_dir == box.at("var/run/qcloud"));
  CHECK(platform.system.web_proxy() == "");  // one is set, but switched off
  CHECK(platform.auth.admin(0, 0));
  CHECK(platform.auth.admin(1000, 100));        // anna, by name; users lie behind two links
  CHECK_FALSE(platform.auth.admin(1001, 100));  // bert
}

TEST_CASE("QTS 5.2 on ARM64, in use, its only volume locked") {
  QtsBox box("arm64-initialized");
  auto& platform = box.open();
  CHECK(text(platform.facts.model) == "TS-832X");
  CHECK(text(platform.facts.name) == "Keller");
  CHECK(text(platform.facts.serial_tail) == "");
  CHECK(platform.facts.hardware.size() == 64);
  CHECK(platform.initialized);
  CHECK(platform.paths.state_dir == box.at(config + "qcloud"));
  CHECK(platform.system.web_proxy() == "http://squid.home.example:3128");
  CHECK(platform.auth.admin(1000, 100));
  // The setting counts when it changes, without a restart.
  box.tree.write(config + "uLinux.conf", "[System]\nproxy toggle = TRUE\nproxy server = other:80\n");
  CHECK(platform.system.web_proxy() == "http://other:80");
}

TEST_CASE("QTS on ARMv7 before its set-up") {
  QtsBox box("armv7-uninitialized");
  auto& platform = box.open();
  CHECK(text(platform.facts.model) == "TS-231P3");
  CHECK(text(platform.facts.name) == "NAS5B7C20");
  CHECK(text(platform.facts.serial_tail) == "");
  CHECK(platform.facts.hardware.size() == 64);
  CHECK_FALSE(platform.initialized);
  CHECK(platform.set_up == "The first set-up was never finished: all settings are in memory only.");
  // Not in /etc/config: the set-up copies that folder.
  CHECK(platform.paths.state_dir == box.at("var/run/qcloud/state"));
  CHECK(platform.paths.run_dir == box.at("var/run/qcloud"));
  CHECK(platform.paths.config_file == box.at("etc/config/qcloud/qcloud.toml"));
  CHECK(platform.system.web_proxy() == "");
  CHECK(platform.disk.awake());  // memory
  CHECK_FALSE(platform.auth.admin(99, 0));
}

TEST_CASE("initialized or not") {
  QtsBox box("x86_64-initialized");
  auto missing = [&] { return box.open().set_up; };
  CHECK(missing() == "");
  SUBCASE("the disks are not mounted: nothing is written into the memory below the mount point") {
    box.tree.write("proc/mounts", "none / tmpfs rw 0 0\n/dev/md99 /mnt/HDA_ROOT.old ext4 rw 0 0\n");
    CHECK(missing() == "There is no disk for the settings: they are in memory only.");
    CHECK(box.open().paths.state_dir == box.at("var/run/qcloud/state"));
    box.tree.remove("proc/mounts");
    CHECK_FALSE(box.open().initialized);
  }
  SUBCASE("something in memory is mounted there, over the disks") {
    box.tree.write("proc/mounts", "/dev/md9 /mnt/HDA_ROOT ext4 rw 0 0\ntmpfs /mnt/HDA_ROOT tmpfs rw 0 0\n");
    CHECK_FALSE(box.open().initialized);
  }
  SUBCASE("no volume yet, unless we were here before") {
    box.tree.write(config + "def_share.info", "[SHARE_DEF]\ndefVolMP =\n");
    CHECK(missing() == "There is no storage volume yet.");
    box.tree.remove(config + "def_share.info");
    CHECK(missing() == "There is no storage volume yet.");
    box.tree.write(config + "qcloud/state.db", "x");
    CHECK(missing() == "");
    CHECK(box.open().paths.state_dir == box.at(config + "qcloud"));
  }
  SUBCASE("/etc/config is a folder, or leads elsewhere") {
    box.tree.remove("etc/config");
    box.tree.folder("etc/config");
    CHECK_FALSE(box.open().initialized);
    box.tree.remove("etc/config");
    box.tree.link("etc/config", "mnt/HDA_ROOT_OLD/.config");
    CHECK_FALSE(box.open().initialized);
  }
}

TEST_CASE("a state folder of one's own is taken as it is") {
  QtsBox box("armv7-uninitialized");
  CHECK(box.open("/srv/state").paths.state_dir == "/srv/state");
  CHECK_FALSE(box.open("/srv/state").initialized);
}

TEST_CASE("nothing lies in a package's folder or in /tmp") {
  for (const char* fixture : {"x86_64-initialized", "arm64-initialized", "armv7-uninitialized"}) {
    QtsBox box(fixture);
    auto paths = box.open().paths;
    for (const auto& path : {paths.config_file, paths.state_dir, paths.run_dir}) {
      CHECK(path.starts_with(box.tree.path() + "/"));
      auto inside = path.substr(box.tree.path().size());
      CHECK_FALSE(inside.starts_with("/tmp"));
      CHECK(inside.find(".qpkg") == std::string::npos);
      CHECK(inside.find("/share") == std::string::npos);
    }
  }
}

TEST_CASE("the hardware stays behind when the disks move, and is another's on another box") {
  QtsBox one("x86_64-initialized"), other("arm64-initialized"), third("armv7-uninitialized");
  auto first = one.open().facts.hardware;
  CHECK(first != other.open().facts.hardware);
  CHECK(other.open().facts.hardware != third.open().facts.hardware);
  SUBCASE("all that lies on the disks and in the settings changes nothing") {
    for (const char* file : {"uLinux.conf", "def_share.info", "passwd", "group", "qcloud/state.db"})
      one.tree.write(config + file, "[System]\nServer Name = copied\n");
    one.tree.write("etc/machine-id", "11111111111111111111111111111111\n");
    one.tree.write("etc/platform.conf", "[MISC]\nDISPLAY_NAME = TS-000\n");
    CHECK(one.open().facts.hardware == first);
  }
  SUBCASE("a start script that did not ask for the serial number changes nothing") {
    one.tree.remove("var/run/qcloud/hwsn");
    CHECK(one.open().facts.hardware == first);
    CHECK(text(one.open().facts.serial_tail) == "");
  }
  SUBCASE("without QTS's file the card itself says the same") {
    one.tree.remove("var/MacAddress");
    CHECK(one.open().facts.hardware == first);
    one.tree.write("sys/class/dmi/id/board_serial", "B1\n");
    CHECK(one.open().facts.hardware == first);
    one.tree.write("var/MacAddress", "[MAC]\neth0 = 00:00:00:00:00:00\n");
    CHECK(one.open().facts.hardware == first);
  }
  SUBCASE("another board") {
    one.tree.write("var/MacAddress", "[MAC]\neth0 = 24:5E:BE:00:5A:99\n");
    CHECK(one.open().facts.hardware != first);
  }
  SUBCASE("the address itself is nowhere to be seen") {
    CHECK(first.find("245ebe") == std::string::npos);
    CHECK(first.find("24:5e") == std::string::npos);
  }
}

TEST_CASE("QTS's web server is no admin, whatever its gid") {
  QtsBox box("arm64-initialized");
  auto& platform = box.open();
  CHECK_FALSE(platform.auth.admin(99, 0));
  CHECK_FALSE(platform.auth.admin(1001, 0));
  box.tree.write("etc/group", "administrators:x:0:admin,httpdusr,bert\neveryone:x:100:anna\n");
  CHECK_FALSE(platform.auth.admin(99, 0));  // an account of the system, even by name
  CHECK(platform.auth.admin(1001, 100));
  CHECK_FALSE(platform.auth.admin(1000, 100));  // was one, is none any more
  box.tree.write("etc/group", "qcloud:x:900:bert\nsudo:x:27:bert\n");
  CHECK_FALSE(platform.auth.admin(1001, 100));  // groups that mean nothing on QTS
}

TEST_CASE("the system array turns when all of its disks do") {
  QtsBox box("x86_64-initialized");
  auto& disk = box.open().disk;
  box.clock.at = seconds(10);
  CHECK_FALSE(disk.awake());
  box.tree.write("sys/devices/pci0000:00/ata1/block/sda/stat", "1001\n");
  CHECK_FALSE(disk.awake());
  box.tree.write("sys/devices/pci0000:00/ata2/block/sdb/stat", "1001\n");
  CHECK(disk.awake());
  // The volume's own array, and the SSD in it, say nothing of those disks.
  box.clock.at = seconds(80);
  box.tree.write("sys/devices/pci0000:00/nvme0/block/nvme0n1/stat", "1001\n");
  CHECK_FALSE(disk.awake());
}
