// A folder that stands for "/", gone with the test.
#pragma once

#include <string>

class Tree {
 public:
  Tree();
  ~Tree();
  Tree(const Tree&) = delete;

  const std::string& path() const { return path_; }
  // Makes the folders in between. `text` as it is.
  void write(const std::string& file, const std::string& text) const;
  void link(const std::string& file, const std::string& target) const;
  // The target as it is written, wherever that leads.
  void link_as_is(const std::string& file, const std::string& target) const;
  void folder(const std::string& name) const;
  void remove(const std::string& file) const;
  // All of a folder of tests/fixtures/qts, links as they are.
  void copy(const std::string& fixture) const;

 private:
  std::string path_;
};
