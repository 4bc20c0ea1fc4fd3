// A relay that keeps to the windows that it was given, and uses them up.
#pragma once

#include <map>

#include "tests/features/link/session_world.hpp"

namespace unit {

class RelayWindows {
 public:
  explicit RelayWindows(SessionWorld& world) : world_(world) {}

  void hear() {
    world_.listen();
    std::erase_if(world_.seen, [&](const frames::Seen& frame) {
      if (frame.type != frames::window) return false;
      of(frame.stream) += frames::value(frame.payload, 0, 4);
      return true;
    });
  }
  std::int64_t& of(std::uint32_t stream) {
    auto first = stream == 0 ? 65535 : qcloud::link::Limits{}.announced_window;
    return windows_.try_emplace(stream, first).first->second;
  }
  // One DATA frame, as large as may be; how large it was.
  std::size_t send(std::uint32_t stream, std::size_t most = 16384) {
    hear();
    auto may = std::min<std::int64_t>({of(stream), of(0), static_cast<std::int64_t>(most)});
    if (may <= 0) return 0;
    of(stream) -= may;
    of(0) -= may;
    world_.say(frames::frame(frames::data, 0, stream, std::string(static_cast<std::size_t>(may), 'x')));
    return static_cast<std::size_t>(may);
  }

 private:
  SessionWorld& world_;
  std::map<std::uint32_t, std::int64_t> windows_;
};

}  // namespace unit
