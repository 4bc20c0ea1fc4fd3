// The path and query of a request.
#pragma once

#include <string>
#include <string_view>

namespace qcloud::cli {

/// A request target built from words of the user: every part is percent-encoded.
class Target {
 public:
  explicit Target(std::string_view path) : text_(path) {}
  Target& segment(std::string_view part);
  Target& query(std::string_view key, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool asked_ = false;
};

}  // namespace qcloud::cli
