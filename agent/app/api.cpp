#include "agent/app/api.hpp"

#include <charconv>

#include "agent/app/api_parts.hpp"
#include "agent/app/status.hpp"

namespace qcloud {

namespace json = boost::json;

namespace {

using api::malformed;
using api::ok;
using api::param;
using api::Params;
using api::text_of;
using api::wait_of;

// Parameters as docs/openapi/control.yaml has them: absent is the default, anything odd is nothing.
std::optional<std::int64_t> number_of(const Params& params, const char* name, std::int64_t low,
                                      std::int64_t high, std::int64_t absent) {
  auto text = param(params, name);
  if (text.empty()) return absent;
  std::int64_t value = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || value < low || value > high)
    return std::nullopt;
  return value;
}

std::optional<std::int64_t> since_of(const Params& params) {
  auto text = param(params, "since");
  if (text.empty()) return 0;
  auto time = parse_rfc3339(text);
  return time ? std::optional<std::int64_t>(time->time_since_epoch().count()) : std::nullopt;
}

json::value order_json(const std::optional<Operations::Filed>& order) {
  if (!order) return nullptr;
  return json::object{{"id", order->id},
                      {"scope", json::array{json::value(order->scope)}},
                      {"status", order->settled ? "erased" : "order filed"}};
}

json::array orders_json(const std::vector<Operations::Filed>& orders) {
  json::array out;
  for (const auto& order : orders) out.push_back(order_json(order));
  return out;
}

Error not_found(std::string detail) { return {"request.not_found", Retry::give_up, std::move(detail), ""}; }

json::array switches_json(Agent& agent) {
  json::array out;
  for (const auto& [name, state] : agent.switches.states.get())
    out.push_back({{"name", name}, {"on", state.on}});
  return out;
}

void add_reading(std::vector<Route>& routes, Agent& agent) {
  routes.push_back({"GET",
                    "/v1/status",
                    Access::everyone,
                    [&agent](ApiRequest) -> Task<Result<ApiAnswer>> { co_return ok(status_of(agent)); },
                    {}});
  routes.push_back({"GET",
                    "/v1/receipts",
                    Access::admin,
                    [&agent](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto limit = number_of(request.query, "limit", 1, 1000, 100);
                      if (!limit) co_return malformed("\"limit\" is a number from 1 to 1000.");
                      auto page = agent.outbox.page(param(request.query, "after"), static_cast<int>(*limit));
                      json::array list;
                      for (const auto& order : page) list.push_back(receipt_json(agent, order));
                      co_return ok({{"receipts", list}});
                    },
                    {}});
  routes.push_back({"GET",
                    "/v1/receipts/{id}",
                    Access::admin,
                    [&agent](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto order = agent.outbox.find(request.path["id"]);
                      if (!order) co_return not_found("There is no order or receipt with this id.");
                      co_return ok({{"receipts", json::array{receipt_json(agent, *order)}}});
                    },
                    {}});
  routes.push_back({"GET",
                    "/v1/ledger",
                    Access::admin,
                    [&agent](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      Ledger::Filter filter;
                      filter.feature = param(request.query, "feature");
                      auto since = since_of(request.query);
                      auto after = number_of(request.query, "after", 0, INT64_MAX, 0);
                      auto limit = number_of(request.query, "limit", 1, 1000, 500);
                      if (!since) co_return malformed("\"since\" is no RFC 3339 time in UTC.");
                      if (!after || !limit)
                        co_return malformed("\"after\" is an id, \"limit\" a number from 1 to 1000.");
                      filter.since = *since;
                      filter.after = *after;
                      filter.limit = static_cast<int>(*limit);
                      co_return ok({{"rows", agent.ledger.rows(filter)}});
                    },
                    {}});
  routes.push_back({"GET",
                    "/v1/ledger/summary",
                    Access::admin,
                    [&agent](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto since = since_of(request.query);
                      if (!since) co_return malformed("\"since\" is no RFC 3339 time in UTC.");
                      co_return ok({{"features", agent.ledger.summary(*since)}});
                    },
                    {}});
  routes.push_back({"GET",
                    "/v1/manifest",
                    Access::admin,
                    [&agent](ApiRequest) -> Task<Result<ApiAnswer>> {
                      json::array list;
                      for (const Manifest* manifest : agent.switches.manifests())
                        list.push_back(manifest_json(agent, *manifest));
                      co_return ok({{"features", list}});
                    },
                    {}});
  routes.push_back({"GET",
                    "/v1/manifest/{name}",
                    Access::admin,
                    [&agent](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      const Manifest* manifest = agent.switches.find(request.path["name"]);
                      if (!manifest) co_return not_found("There is no feature of this name.");
                      co_return ok({{"features", json::array{manifest_json(agent, *manifest)}}});
                    },
                    {}});
}

void add_registration(std::vector<Route>& routes, Agent& agent, Operations& operations) {
  routes.push_back(
      {"GET",
       "/v1/registration",
       Access::admin,
       [&agent](ApiRequest) -> Task<Result<ApiAnswer>> { co_return ok(registration_json(agent)); },
       {}});
  routes.push_back({"POST",
                    "/v1/registration",
                    Access::admin,
                    [&agent, &operations](ApiRequest) -> Task<Result<ApiAnswer>> {
                      if (auto begun = co_await operations.begin_registration(); !begun)
                        co_return std::move(begun).error();
                      co_return ApiAnswer{202, registration_json(agent)};
                    },
                    {}});
  routes.push_back({"POST",
                    "/v1/registration/cancel",
                    Access::admin,
                    [&agent, &operations](ApiRequest) -> Task<Result<ApiAnswer>> {
                      co_await operations.cancel_registration();
                      co_return ok(registration_json(agent));
                    },
                    {}});
  routes.push_back({"DELETE",
                    "/v1/registration",
                    Access::admin,
                    [&operations](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto order = co_await operations.unregister(wait_of(request));
                      if (!order) co_return std::move(order).error();
                      co_return ok({{"order", order_json(*order)}});
                    },
                    {}});
  routes.push_back({"PUT",
                    "/v1/name",
                    Access::admin,
                    [&agent, &operations](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto mode = text_of(request, "mode");
                      if (mode != "claim" && mode != "rename")
                        co_return malformed("\"mode\" is claim or rename.");
                      auto claimed =
                          co_await operations.claim_name(text_of(request, "name"), mode == "rename");
                      if (!claimed) co_return std::move(claimed).error();
                      const auto& registration = agent.identity.registration.get();
                      if (!registration)
                        co_return Error{"identity.none", Retry::wait_for_owner,
                                        "This box is not registered any more.", ""};
                      co_return ok({{"name", registration->name}, {"fqdn", registration->fqdn}});
                    },
                    {"name", "mode"}});
  routes.push_back({"DELETE",
                    "/v1/name",
                    Access::admin,
                    [&operations](ApiRequest) -> Task<Result<ApiAnswer>> {
                      if (auto released = co_await operations.release_name(); !released)
                        co_return std::move(released).error();
                      co_return ok();
                    },
                    {}});
}

void add_switches(std::vector<Route>& routes, Agent& agent, Operations& operations) {
  routes.push_back({"PUT",
                    "/v1/features/{name}",
                    Access::admin,
                    [&agent, &operations](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto* on = request.body.if_contains("on");
                      if (!on || !on->is_bool())
                        co_return Error{"request.malformed", Retry::give_up,
                                        "The body must say {\"on\": true} or {\"on\": false}.", ""};
                      auto name = request.path["name"];
                      auto done = co_await operations.set_switch(name, on->as_bool(), wait_of(request));
                      if (!done) co_return std::move(done).error();
                      co_return ok({{"feature", name},
                                    {"on", agent.switches.on(name)},
                                    {"changed", done->changed},
                                    {"order", order_json(done->order)}});
                    },
                    {"on"}});
  routes.push_back({"POST",
                    "/v1/offline",
                    Access::admin,
                    [&agent, &operations](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto orders = co_await operations.go_offline(wait_of(request));
                      if (!orders) co_return std::move(orders).error();
                      co_return ok({{"features", switches_json(agent)}, {"orders", orders_json(*orders)}});
                    },
                    {}});
  routes.push_back({"POST",
                    "/v1/online",
                    Access::admin,
                    [&agent, &operations](ApiRequest) -> Task<Result<ApiAnswer>> {
                      auto names = co_await operations.go_online();
                      if (!names) co_return std::move(names).error();
                      co_return ok({{"features", switches_json(agent)}, {"orders", json::array{}}});
                    },
                    {}});
  routes.push_back({"GET",
                    "/v1/data",
                    Access::admin,
                    [&operations](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto data = co_await operations.export_data(param(request.query, "feature"));
                      if (!data) co_return std::move(data).error();
                      co_return ok({{"export", *std::move(data)}});
                    },
                    {}});
  routes.push_back(
      {"POST",
       "/v1/data/erase",
       Access::admin,
       [&operations](ApiRequest request) -> Task<Result<ApiAnswer>> {
         // Everything is erased only by a plain null, never by a slip.
         auto* feature = request.body.if_contains("feature");
         if (!feature || !(feature->is_null() || (feature->is_string() && !feature->as_string().empty())))
           co_return malformed("\"feature\" is the name of a feature, or null for all.");
         auto orders = co_await operations.erase_data(text_of(request, "feature"), wait_of(request));
         if (!orders) co_return std::move(orders).error();
         co_return ok({{"order", orders->empty() ? json::value(nullptr) : order_json(orders->front())},
                       {"orders", orders_json(*orders)}});
       },
       {"feature"}});
}

}  // namespace

std::vector<Route> make_routes(Agent& agent, Operations& operations) {
  std::vector<Route> routes;
  add_reading(routes, agent);
  add_registration(routes, agent, operations);
  add_switches(routes, agent, operations);
  add_settings_routes(routes, agent, operations);
  add_link_routes(routes, agent);
  return routes;
}

Task<void> announce_changes(Agent& agent) {
  Signal wake(agent.deps.executor);
  std::vector<FactBase::Subscription> subscriptions;
  for (FactBase* fact :
       {static_cast<FactBase*>(&agent.switches.states), static_cast<FactBase*>(&agent.identity.registration),
        static_cast<FactBase*>(&agent.session.contact), static_cast<FactBase*>(&agent.health.board),
        static_cast<FactBase*>(&agent.outbox.open), static_cast<FactBase*>(&agent.progress),
        static_cast<FactBase*>(&agent.deps.platform.net.state),
        static_cast<FactBase*>(&agent.identity.set_aside), static_cast<FactBase*>(&agent.ledger.trouble)})
    subscriptions.push_back(fact->wake(wake));
  auto switches = agent.switches.states.get();
  auto open = agent.outbox.open.get();
  auto progress = agent.progress.get();
  for (;;) {
    co_await wake.wait();
    agent.publish({"status", status_of(agent)});
    if (!(agent.progress.get() == progress)) agent.publish({"registration", registration_json(agent)});
    if (agent.switches.states.get() != switches)
      agent.publish({"switch", {{"schema", 1}, {"features", switches_json(agent)}}});
    for (const auto& order : open)
      if (!agent.outbox.is_open(order.id))
        if (auto settled = agent.outbox.find(order.id))
          agent.publish(
              {"receipt", {{"schema", 1}, {"receipts", json::array{receipt_json(agent, *settled)}}}});
    switches = agent.switches.states.get();
    open = agent.outbox.open.get();
    progress = agent.progress.get();
  }
}

}  // namespace qcloud
