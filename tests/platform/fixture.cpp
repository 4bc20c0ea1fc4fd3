#include "tests/platform/fixture.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

namespace {

// Not fs::copy, which fails on ARMv7 in a year after 2038.
void copy_folder(const fs::path& from, const fs::path& to) {
  ::mkdir(to.c_str(), 0755);
  for (const auto& entry : fs::directory_iterator(from)) {
    auto target = to / entry.path().filename();
    if (entry.is_symlink()) {
      char link[4096];
      ssize_t size = ::readlink(entry.path().c_str(), link, sizeof link);
      REQUIRE(size > 0);
      REQUIRE(::symlink(std::string(link, static_cast<size_t>(size)).c_str(), target.c_str()) == 0);
    } else if (entry.is_directory()) {
      copy_folder(entry.path(), target);
    } else {
      std::ofstream(target, std::ios::binary) << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    }
  }
}

}  // namespace

Tree::Tree() {
  char name[] = "/tmp/platform_test.XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  path_ = name;
}

Tree::~Tree() { fs::remove_all(path_); }

void Tree::write(const std::string& file, const std::string& text) const {
  fs::path full = fs::path(path_) / file;
  fs::create_directories(full.parent_path());
  std::ofstream(full, std::ios::binary) << text;
}

void Tree::link(const std::string& file, const std::string& target) const {
  fs::path full = fs::path(path_) / file;
  fs::create_directories(full.parent_path());
  fs::create_symlink(fs::path(path_) / target, full);
}

void Tree::link_as_is(const std::string& file, const std::string& target) const {
  fs::create_symlink(target, fs::path(path_) / file);
}

void Tree::folder(const std::string& name) const { fs::create_directories(fs::path(path_) / name); }

void Tree::remove(const std::string& file) const { fs::remove_all(fs::path(path_) / file); }

void Tree::copy(const std::string& fixture) const { copy_folder(fs::path(QTS_FIXTURES) / fixture, path_); }
