// A session whose relay is the test.
#pragma once

#include <doctest/doctest.h>
#include <malloc.h>

#include "agent/features/link/h2/session.hpp"
#include "tests/features/link/frames.hpp"
#include "tests/features/link/memory_stream.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/virtual_clock.hpp"

namespace unit {

// What is in use on the heap in truth (nothing under a sanitizer, which has a heap of its own).
inline std::size_t heap() {
  auto now = ::mallinfo2();
  return now.uordblks + now.hblkhd;
}

// What waits for the service, as far as one look shows it.
inline std::string waiting(const qcloud::link::Visit& visit) {
  std::string out;
  for (auto row : visit.received()) out.append(row.data(), row.size());
  return out;
}

struct SessionWorld {
  boost::asio::io_context io;
  VirtualClock clock{io};
  MemoryStream stream{io.get_executor()};
  qcloud::link::Budget budget;
  std::vector<std::shared_ptr<qcloud::link::Visit>> visits;
  std::vector<std::string> told;
  int leaving = 0, crowded = 0;
  qcloud::link::Session session;
  std::optional<Running<qcloud::link::SessionEnd>> running;
  std::vector<frames::Seen> seen;

  explicit SessionWorld(qcloud::link::Limits limits = {}, std::size_t memory = 24 << 20,
                        const qcloud::link::Profile& profile = qcloud::link::profiles[0],
                        std::size_t taken = 0)
      : budget(memory),
        session(io.get_executor(), clock, stream, profile, limits, budget,
                {[this](std::shared_ptr<qcloud::link::Visit> visit) { visits.push_back(std::move(visit)); },
                 [this](const std::string& method, const std::string& path, const std::string& body) {
                   told.push_back(method + " " + path + " " + body);
                   return path == "/v1/attachment" ? 204 : 404;
                 },
                 [this] { ++leaving; }, [this] { ++crowded; }}) {
    REQUIRE(budget.hold(taken));
    running.emplace(start(io, session.run()));
  }
  ~SessionWorld() {
    if (!running->ended()) running->cancel();
  }
  // The greeting of a relay.
  SessionWorld& greeted() {
    say(frames::preface + frames::frame(frames::settings, 0, 0) +
        frames::frame(frames::settings, frames::ack, 0));
    return *this;
  }
  void say(std::string_view bytes) {
    stream.give(bytes);
    settle(io);
    listen();
  }
  void listen() {
    settle(io);
    for (auto& frame : frames::parse(stream.from_us)) seen.push_back(std::move(frame));
  }
  // All that the box said of this kind on this stream since the last call.
  std::vector<frames::Seen> heard(frames::Type type, std::uint32_t stream_id) {
    listen();
    std::vector<frames::Seen> out;
    std::erase_if(seen, [&](const frames::Seen& frame) {
      if (frame.type != type || frame.stream != stream_id) return false;
      out.push_back(frame);
      return true;
    });
    return out;
  }
  std::string heard_data(std::uint32_t stream_id) {
    std::string out;
    for (const auto& frame : heard(frames::data, stream_id)) out += frame.payload;
    return out;
  }
  std::uint32_t heard_window(std::uint32_t stream_id) {
    std::uint32_t sum = 0;
    for (const auto& frame : heard(frames::window, stream_id)) sum += frames::value(frame.payload, 0, 4);
    return sum;
  }
  std::shared_ptr<qcloud::link::Visit> open(std::uint32_t id,
                                            std::string_view authority = "nas1.mynas.test:443",
                                            std::string_view extra = {}) {
    auto before = visits.size();
    say(frames::connect(id, authority, extra));
    REQUIRE(visits.size() == before + 1);
    return visits.back();
  }
  void write(qcloud::link::Visit& visit, std::string_view bytes) {
    while (!bytes.empty()) {
      auto count = visit.put(bytes);
      REQUIRE(count > 0);
      bytes.remove_prefix(count);
      listen();
    }
  }
};

// Still served, after all of that.
inline void unharmed(SessionWorld& world, qcloud::link::Visit& visit, std::uint32_t stream) {
  world.say(frames::frame(frames::data, 0, stream, "ping"));
  CHECK(waiting(visit) == "ping");
  visit.passed_on(4);
  world.write(visit, "pong");
  CHECK(world.heard_data(stream) == "pong");
}

}  // namespace unit
