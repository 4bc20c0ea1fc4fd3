#include "tests/app/agent_world.hpp"

namespace unit {

AgentWorld::AgentWorld() { make(); }
AgentWorld::~AgentWorld() { stop(); }

void AgentWorld::make() {
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

bool AgentWorld::start() {
  bool good = bool(agent->start());
  started = true;
  settle(io);
  return good;
}

void AgentWorld::stop() {
  if (started) {
    auto stopping = unit::start(io, agent->stop());
    for (int i = 0; i < 100 && !stopping.ended(); ++i) clock.advance(qcloud::seconds(1));
  }
  started = false;
}

qcloud::Result<qcloud::ApiAnswer> AgentWorld::call(const std::string& method, const std::string& target,
                                                   boost::json::object body) {
  auto found = qcloud::match(routes, method, target);
  if (!found.route) return qcloud::Error{"test.no_route", qcloud::Retry::give_up, method + " " + target, ""};
  found.request.body = std::move(body);
  auto running = unit::start(io, found.route->handler(found.request));
  for (int i = 0; i < 60 && !running.ended(); ++i) clock.advance(qcloud::seconds(1));
  if (!running.returned())
    return qcloud::Error{"test.no_answer", qcloud::Retry::give_up, method + " " + target, ""};
  return std::move(running.value());
}

}  // namespace unit
