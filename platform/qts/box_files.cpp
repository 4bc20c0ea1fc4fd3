#include "platform/qts/box_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "platform/linux/read_file.hpp"

namespace qcloud {
namespace {

constexpr int max_links = 40;  // the kernel's own bound
constexpr size_t max_size = 256 << 10;

// In reverse: the next one is at the back.
void push_parts(std::vector<std::string>& todo, const std::string& path) {
  for (size_t end = path.size(); end > 0;) {
    size_t slash = path.rfind('/', end - 1);
    size_t start = slash == std::string::npos ? 0 : slash + 1;
    if (start < end) todo.push_back(path.substr(start, end - start));
    end = slash == std::string::npos ? 0 : slash;
  }
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += "/" + part;
  return out;
}

}  // namespace

BoxFiles::BoxFiles(std::string root) : root_(std::move(root)) {
  while (!root_.empty() && root_.back() == '/') root_.pop_back();
}

std::string BoxFiles::real(const std::string& path) const {
  std::vector<std::string> todo, done;
  push_parts(todo, path);
  int links = 0;
  while (!todo.empty()) {
    std::string part = std::move(todo.back());
    todo.pop_back();
    if (part == ".") continue;
    if (part == "..") {
      if (!done.empty()) done.pop_back();
      continue;
    }
    done.push_back(std::move(part));
    std::array<char, 4096> target;
    ssize_t size = ::readlink((root_ + joined(done)).c_str(), target.data(), target.size());
    if (size <= 0) continue;
    if (++links > max_links) return "";
    std::string to(target.data(), static_cast<size_t>(size));
    if (to.front() == '/')
      done.clear();
    else
      done.pop_back();
    push_parts(todo, to);
  }
  return root_ + joined(done);
}

bool BoxFiles::file(const std::string& path) const {
  struct stat info;
  return ::stat(real(path).c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

std::string BoxFiles::read(const std::string& path) const {
  auto text = read_file(real(path), max_size + 1);
  if (!text) return "";
  if (text->size() > max_size) text->resize(text->rfind('\n', max_size) + 1);  // npos + 1: nothing at all
  return *std::move(text);
}

}  // namespace qcloud
