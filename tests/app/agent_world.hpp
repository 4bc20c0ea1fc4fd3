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

  AgentWorld() { make(); }
  ~AgentWorld() { stop(); }

  void make() {
    agent = std::make_unique<qcloud::Agent>(qcloud::AgentDeps{io.get_executor(),
                                                              clock,
                                                              rng,
                                                              box.platform(),
                                                              net,
                                                              state.db(),
                                                              log,
                                                              {{"cloud", {"cloud.vendor.test", 443, ""}}},
                                                              vendor_key,
                                                              qcloud::from_unix(1790000000)});
    operations = std::make_unique<qcloud::Operations>(*agent);
    routes = qcloud::make_routes(*agent, *operations);
  }
  bool start() {
    bool good = bool(agent->start());
    started = true;
    settle(io);
    return good;
  }
  void stop() {
    if (started) {
      auto stopping = unit::start(io, agent->stop());
      for (int i = 0; i < 100 && !stopping.ended(); ++i) clock.advance(qcloud::seconds(1));
    }
    started = false;
  }
  // One request of the local API, as the server would make it.
  qcloud::Result<qcloud::ApiAnswer> call(const std::string& method, const std::string& target,
                                         boost::json::object body = {}) {
    auto found = qcloud::match(routes, method, target);
    if (!found.route)
      return qcloud::Error{"test.no_route", qcloud::Retry::give_up, method + " " + target, ""};
    found.request.body = std::move(body);
    auto running = unit::start(io, found.route->handler(found.request));
    for (int i = 0; i < 60 && !running.ended(); ++i) clock.advance(qcloud::seconds(1));
    if (!running.returned())
      return qcloud::Error{"test.no_answer", qcloud::Retry::give_up, method + " " + target, ""};
    return std::move(running.value());
  }

  bool started = false;
};

}  // namespace unit
