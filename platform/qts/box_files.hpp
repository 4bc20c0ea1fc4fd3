// The box's files as a program on the box sees them, also when the box is a folder: a symbolic link to
// /mnt/HDA_ROOT means the one below the root, and none leads out of it.
#pragma once

#include <optional>
#include <string>

namespace qcloud {

class BoxFiles {
 public:
  explicit BoxFiles(std::string root);

  // The path without any link in it, for the kernel. What does not exist (yet) stays as it is written.
  // Links in a circle lead nowhere: an empty path, which nothing can open.
  std::string real(const std::string& path) const;

  bool file(const std::string& path) const;  // there is a regular file

  // Empty where it cannot be read. What is longer than 256 KB, a hundred times what such files have,
  // ends with the last whole line before.
  std::string read(const std::string& path) const;

 private:
  std::string root_;  // "" for "/", else without a slash at its end
};

}  // namespace qcloud
