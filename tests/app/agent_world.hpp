// A whole agent over a fake box and a network that answers what the test says.
#pragma once

#include "agent/app/api.hpp"
#include "platform/fake/fake_platform.hpp"
#include "tests/unit/fake_transport.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/seeded_rng.hpp"
#include "tests/unit/state.hpp"
#include "tests/unit/virtual_clock.hpp"

namespace unit {

struct AgentWorld {
  boost::asio::io_context io;
  VirtualClock clock{io};
  SeededRng rng{1};
  State state;
  FakeTransport net;
  qcloud::FakePlatform box;
  std::vector<std::string> lines;
  qcloud::Log log{qcloud::Level::debug,
                  [this](qcloud::Level, std::string_view line) { lines.emplace_back(line); }};
  std::string vendor_key;
  std::unique_ptr<qcloud::Agent> agent;
  std::unique_ptr<qcloud::Operations> operations;
  std::vector<qcloud::Route> routes;

  AgentWorld();
  ~AgentWorld();

  void make();
  bool start();
  void stop();
  // One request of the local API, as the server would make it.
  qcloud::Result<qcloud::ApiAnswer> call(const std::string& method, const std::string& target,
                                         boost::json::object body = {});

  bool started = false;
};

}  // namespace unit
