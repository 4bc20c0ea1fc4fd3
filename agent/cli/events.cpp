#include "agent/cli/events.hpp"

namespace qcloud::cli {

bool EventParser::feed(std::string_view piece, const Sink& sink) {
  constexpr std::size_t limit = 1 << 20;
  partial_ += piece;
  std::size_t start = 0;
  for (std::size_t end; (end = partial_.find('\n', start)) != std::string::npos; start = end + 1) {
    std::string_view text(partial_.data() + start, end - start);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (!line(text, sink)) return false;
  }
  partial_.erase(0, start);
  return partial_.size() <= limit && data_.size() <= limit;
}

bool EventParser::line(std::string_view text, const Sink& sink) {
  if (text.empty()) {
    const bool go_on = data_.empty() || sink(name_.empty() ? "message" : std::string_view(name_), data_);
    name_.clear();
    data_.clear();
    return go_on;
  }
  const std::size_t colon = text.find(':');
  const std::string_view field = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    name_ = value;
  } else if (field == "data") {
    if (!data_.empty()) data_ += '\n';
    data_ += value;
  }
  return true;
}

}  // namespace qcloud::cli
