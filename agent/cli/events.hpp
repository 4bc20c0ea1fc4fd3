// Server-sent events (WHATWG HTML, "Server-sent events", 9.2.6), as far as the agent
// writes them: `event`, `data`, comments. Pure: bytes in, events out.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace qcloud::cli {

class EventParser {
 public:
  using Sink = std::function<bool(std::string_view name, std::string_view data)>;

  /// Feeds a piece of the stream, cut anywhere. Calls `sink` for each whole event;
  /// returns false as soon as it does, or when one line passes 1 MB.
  bool feed(std::string_view piece, const Sink& sink);

 private:
  bool line(std::string_view text, const Sink& sink);

  std::string partial_;
  std::string name_;
  std::string data_;
};

}  // namespace qcloud::cli
