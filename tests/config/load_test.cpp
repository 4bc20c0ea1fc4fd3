#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agent/config/config.hpp"

using namespace qcloud;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/config_test.XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& text) const {
    std::ofstream(path + "/qcloud.toml") << text;
    return path + "/qcloud.toml";
  }
  std::string path;
};

const std::string minimal =
    "[cloud]\nurl = \"https://cloud.vendor.test\"\ntrust = \"/ca.pem\"\nreceipt_key = \"/receipts.pem\"\n";

}  // namespace

TEST_CASE("a file is read, up to 64 KiB") {
  Folder folder;
  CHECK(load_config(folder.write(minimal)));
  CHECK(load_config(folder.write(minimal + std::string(65536 - minimal.size(), '\n'))));
  auto large = load_config(folder.write(minimal + std::string(65537 - minimal.size(), '\n')));
  REQUIRE_FALSE(large);
  CHECK(large.error().code == "config.too_large");
}

TEST_CASE("a missing file says which one to write") {
  Folder folder;
  auto config = load_config(folder.path + "/qcloud.toml");
  REQUIRE_FALSE(config);
  CHECK(config.error().code == "config.missing");
  CHECK(config.error().retry == Retry::wait_for_owner);
  CHECK(config.error().fix.find(folder.path + "/qcloud.toml") != std::string::npos);
}

TEST_CASE("a folder or a pipe in its place is an error, not a hang") {
  Folder folder;
  auto config = load_config(folder.path);
  REQUIRE_FALSE(config);
  CHECK(config.error().code == "config.unreadable");
  auto pipe = folder.path + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  config = load_config(pipe);
  REQUIRE_FALSE(config);
  CHECK(config.error().code == "config.unreadable");
}

TEST_CASE("an error in the file carries its path") {
  Folder folder;
  auto path = folder.write(minimal + "x = 1\n");
  auto config = load_config(path);
  REQUIRE_FALSE(config);
  CHECK(config.error().detail.starts_with(path + ", line 5: "));
}

TEST_CASE(
    "a PEM file is a plain file of a sane size; anything else is an error that names the key, not a hang") {
  Folder folder;
  auto pem = folder.path + "/ca.pem", pipe = folder.path + "/pipe";
  std::ofstream(pem) << "-----BEGIN";
  REQUIRE(load_pem(pem, "cloud.trust"));
  CHECK(*load_pem(pem, "cloud.trust") == "-----BEGIN");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::ofstream(folder.path + "/large") << std::string(300'000, 'x');
  for (const auto& bad : {pipe, folder.path, folder.path + "/none", folder.path + "/large"}) {
    auto read = load_pem(bad, "cloud.trust");
    REQUIRE_FALSE(read);
    CHECK(read.error().detail.starts_with(bad));
    CHECK(read.error().fix.find("cloud.trust") != std::string::npos);
  }
}
