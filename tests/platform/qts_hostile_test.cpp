// Broken, huge and malicious files: the box is a duller one, never a crash, a hang or somebody's admin.
#include <sys/stat.h>

#include <chrono>

#include "platform/qts/box_files.hpp"
#include "tests/platform/qts_box.hpp"

using namespace qcloud;

namespace {

const std::string config = "mnt/HDA_ROOT/.config/";

std::string noise(size_t size) {
  std::string out;
  std::uint32_t state = 4711;
  while (out.size() < size) out += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return out;
}

// Every fact is read, and none is more than it may be.
Platform& survives(QtsBox& box) {
  auto& platform = box.open("", "qts");
  CHECK(text(platform.facts.model).size() <= 40 * 4);
  CHECK_FALSE(text(platform.facts.model).empty());
  CHECK_FALSE(text(platform.facts.name).empty());
  CHECK(text(platform.facts.name).find('\n') == std::string::npos);
  CHECK(text(platform.facts.serial_tail).size() <= 4);
  auto proxy = platform.system.web_proxy();
  CHECK((proxy.empty() || proxy.starts_with("http://")));
  CHECK_FALSE(platform.auth.admin(1001, 0));
  CHECK_FALSE(platform.auth.admin(65534, 65534));
  CHECK(platform.auth.admin(0, 0));
  platform.disk.awake();
  CHECK_FALSE(platform.paths.state_dir.empty());
  return platform;
}

const char* const all[] = {"etc/platform.conf",
                           "etc/os-release",
                           "etc/passwd",
                           "etc/group",
                           "var/MacAddress",
                           "var/run/qcloud/hwsn",
                           "proc/mounts",
                           "proc/filesystems",
                           "proc/sys/kernel/hostname",
                           "etc/default_config/uLinux.conf"};

void everywhere(QtsBox& box, const std::string& bytes) {
  for (const char* file : all) {
    box.tree.remove(file);
    box.tree.write(file, bytes);
  }
  for (const char* file : {"uLinux.conf", "def_share.info", "passwd", "group"})
    box.tree.write(config + file, bytes);
}

}  // namespace

TEST_CASE("garbage, nothing, NUL bytes, one endless line, 5 MB in every file") {
  for (const auto& bytes :
       {noise(5 << 20), std::string(), std::string(4096, '\0'), std::string(5 << 20, '['),
        std::string(5 << 20, ':'), std::string(5 << 20, '\n'), std::string("[System\nServer Name")}) {
    QtsBox box("x86_64-initialized");
    everywhere(box, bytes);
    auto before = std::chrono::steady_clock::now();
    auto& platform = survives(box);
    CHECK_FALSE(platform.initialized);
    CHECK(text(platform.facts.model) == "QNAP NAS");
    // Generous: sanitizers, emulated boxes.
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(20));
  }
}

TEST_CASE("what stands before a flood still counts, what lies behind it does not") {
  QtsBox box("x86_64-initialized");
  std::string flood;
  while (flood.size() < (5 << 20)) flood += "Key " + std::to_string(flood.size()) + " = value\n";
  box.tree.write(config + "uLinux.conf",
                 "[System]\nServer Name = early\nproxy toggle = TRUE\n" + flood + "proxy server = late:80\n");
  auto& platform = survives(box);
  CHECK(text(platform.facts.name) == "early");
  CHECK(platform.system.web_proxy() == "");
}

TEST_CASE("a file that is cut in the middle of a line ends before it") {
  Tree tree;
  tree.write("a", std::string((256 << 10) + 1, 'x') + "\n");
  CHECK(BoxFiles(tree.path()).read("a").empty());
  tree.write("a", "first\n" + std::string(256 << 10, 'x'));
  CHECK(BoxFiles(tree.path()).read("a") == "first\n");
}

TEST_CASE("files with the line ends of Windows are the same box") {
  QtsBox box("x86_64-initialized");
  box.tree.write(config + "uLinux.conf",
                 "[System]\r\nServer Name = Attic\r\nproxy toggle = TRUE\r\nproxy server = p:3128\r\n");
  box.tree.write(config + "def_share.info", "[SHARE_DEF]\r\ndefVolMP = /share/CACHEDEV1_DATA\r\n");
  box.tree.write("var/MacAddress", "[MAC]\r\neth0 = 24:5E:BE:00:5A:01\r\n");
  auto& platform = survives(box);
  CHECK(platform.initialized);
  CHECK(text(platform.facts.name) == "Attic");
  CHECK(platform.system.web_proxy() == "http://p:3128");
  QtsBox plain("x86_64-initialized");
  CHECK(platform.facts.hardware == plain.open().facts.hardware);
}

TEST_CASE("names that would draw on a screen or forge a field") {
  QtsBox box("x86_64-initialized");
  box.tree.write(config + "uLinux.conf",
                 "[System]\nServer Name = \xe2\x80\xaeSAN\xff\xfe \xc2\x9b;31m.example\n");
  CHECK(text(survives(box).facts.name) == "SAN ;31m");
  box.tree.write(config + "uLinux.conf", "[System]\nServer Name = n" + std::string(3000, 'a') + "\n");
  CHECK(text(survives(box).facts.name).size() == 63);
  box.tree.write("var/run/qcloud/hwsn", "Q999 T7A31; reboot\n");
  CHECK(text(survives(box).facts.serial_tail) == "");
}

TEST_CASE("every file missing, and every file a folder") {
  QtsBox box("x86_64-initialized");
  for (const char* file : all) box.tree.remove(file);
  box.tree.remove("mnt");
  survives(box);
  for (const char* file : all) box.tree.folder(file);
  box.tree.remove("etc/config");
  box.tree.folder("etc/config/uLinux.conf");
  survives(box);
  box.tree.remove("sys");
  CHECK(survives(box).facts.hardware == "");
}

TEST_CASE("links in a circle, out of the box, and too many") {
  QtsBox box("x86_64-initialized");
  box.tree.remove("etc/config");
  SUBCASE("a circle") {
    box.tree.link_as_is("etc/config", "/etc/config2");
    box.tree.link_as_is("etc/config2", "config");
    auto& platform = survives(box);
    CHECK_FALSE(platform.initialized);
    CHECK(platform.paths.state_dir == box.at("var/run/qcloud/state"));
  }
  SUBCASE("up and out: the root is the end") {
    box.tree.link_as_is("etc/config", "../../../../../../../../mnt/HDA_ROOT/.config");
    CHECK(survives(box).initialized);
    CHECK(BoxFiles(box.tree.path()).real("../../x/./y//z") == box.at("x/y/z"));
  }
  SUBCASE("an absolute link means the box's own file, not this machine's") {
    box.tree.remove("etc/passwd");
    box.tree.link_as_is("etc/passwd", "/proc/mounts");
    CHECK(BoxFiles(box.tree.path()).real("etc/passwd") == box.at("proc/mounts"));
  }
  SUBCASE("more links than the kernel follows") {
    for (int i = 0; i < 60; ++i) box.tree.link_as_is("l" + std::to_string(i), "/l" + std::to_string(i + 1));
    CHECK(BoxFiles(box.tree.path()).real("l0") == "");
    CHECK(BoxFiles(box.tree.path()).real("l30") == box.at("l60"));
    CHECK_FALSE(BoxFiles(box.tree.path()).file("l0"));
  }
}

TEST_CASE("a pipe in a file's place does not block") {
  QtsBox box("x86_64-initialized");
  for (const char* file : {"etc/platform.conf", "var/MacAddress", "proc/mounts"}) {
    box.tree.remove(file);
    REQUIRE(::mkfifo(box.at(file).c_str(), 0600) == 0);
  }
  survives(box);
}

TEST_CASE("a group file with long lines, many lines, and lines that are none") {
  QtsBox box("x86_64-initialized");
  std::string members = "nobody0";
  for (int i = 1; i < 20000; ++i) members += ",nobody" + std::to_string(i);
  SUBCASE("long but good") {
    box.tree.write(config + "group", "administrators:x:0:" + members + ",anna\neveryone:x:100:bert\n");
    CHECK(box.open().auth.admin(1000, 100));
    CHECK_FALSE(box.open().auth.admin(1001, 100));
  }
  SUBCASE("never more than the first 4 MB") {
    std::string groups;
    while (groups.size() < (5 << 20))
      groups += "g" + std::to_string(groups.size()) + ":x:70000:" + members + "\n";
    box.tree.write(config + "group", groups + "administrators:x:0:anna\n");
    CHECK_FALSE(box.open().auth.admin(1000, 100));
    box.tree.write(config + "group", "administrators:x:0:anna\n" + groups);
    CHECK(box.open().auth.admin(1000, 100));
  }
  SUBCASE("a member whose name only looks alike, or that carries the line's syntax") {
    box.tree.write(config + "group",
                   "administrators:x:0:Anna, anna,anna \nadministrators :x:0:anna\n"
                   "x:administrators:0:anna\nadministrators:x:0\n");
    CHECK_FALSE(box.open().auth.admin(1000, 100));
  }
  SUBCASE("NUL bytes and Windows line ends give no rights") {
    box.tree.write(config + "group", std::string("administrators:x:0:bert\0,anna\r\n", 31));
    CHECK_FALSE(box.open().auth.admin(1001, 100));
  }
}
