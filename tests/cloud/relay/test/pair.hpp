// A relay's session and a box's, that talk.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "tests/cloud/relay/session.hpp"
#include "tests/cloud/relay/test/box.hpp"

namespace refrelay {

struct Pair {
  Budget budget;
  std::shared_ptr<Session> relay = std::make_shared<Session>("device-1", budget);
  Box box;
  Instant now{std::chrono::seconds(1000)};
  bool alive = true;

  explicit Pair(std::uint32_t most_streams = 100) : box(most_streams) { talk(); }
  // Until both are silent.
  void talk() {
    for (;;) {
      std::string to_box(relay->output().begin(), relay->output().end());
      relay->sent(true);
      box.take(to_box);
      auto to_relay = box.say();
      if (to_box.empty() && to_relay.empty()) return;
      if (alive && !to_relay.empty()) alive = relay->receive(to_relay, now);
    }
  }
  void raw(const std::string& bytes) { alive = alive && relay->receive(bytes, now); }
};

inline std::string frame(int type, int flags, int stream, const std::string& payload) {
  std::string out;
  for (int shift : {16, 8, 0}) out += static_cast<char>(payload.size() >> shift);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  for (int shift : {24, 16, 8, 0}) out += static_cast<char>(stream >> shift);
  return out + payload;
}

}  // namespace refrelay
