// What a stranger wrote, as it may be shown to the owner: printable ASCII, one line, not too much of it.
#pragma once

#include <string>
#include <string_view>

namespace qcloud {

inline std::string shown(std::string_view text, std::size_t most = 200) {
  std::string out(text.substr(0, most));
  for (char& c : out)
    if (c < 0x20 || c > 0x7e) c = '?';
  return out;
}

}  // namespace qcloud
