#include "tests/platform/fixture.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

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

void Tree::folder(const std::string& name) const { fs::create_directories(fs::path(path_) / name); }

void Tree::remove(const std::string& file) const { fs::remove_all(fs::path(path_) / file); }
