#include "agent/features/erasure/feature.hpp"

#include "agent/features/erasure/policy.hpp"
#include "agent/features/erasure/wire.hpp"

namespace qcloud::erasure {
namespace {

std::vector<Finding> findings(Deps& deps) {
  std::vector<Finding> out;
  for (const auto& order : deps.orders.outbox().pending()) {
    const Delay* delay = deps.orders.outbox().delay(order.id);
    if (delay && delay->refused)
      out.push_back({"receipt_refused", {{"order", order.id}, {"reason", delay->problem}}});
    else if (delay && deps.session.now() - order.submitted > days(1))
      out.push_back(
          {"order_overdue",
           {{"order", order.id}, {"since", to_rfc3339(order.submitted)}, {"reason", delay->problem}}});
    else
      out.push_back({"order_pending", {{"order", order.id}, {"scope", order.scope}}});
  }
  return out;
}

Task<void> attempt(Deps deps, Lanes<manifest> lanes, Order pending) {
  auto& outbox = deps.orders.outbox();
  const Delay* before = outbox.delay(pending.id);
  Delay delay = before ? *before : Delay{};
  ++delay.tries;
  delay.refused = false;

  auto id = deps.orders.id_of(pending);
  auto message = delay.accepted ? ask(id) : order(id, deps.orders.request_of(pending));
  auto answer = co_await lanes.request.send(std::move(message));
  int asked = 0;
  if (!answer) {
    delay.problem = answer.error().detail;
  } else {
    auto read = read_order_answer(*answer);
    asked = answer->retry_after;
    switch (read.kind) {
      case OrderAnswer::Kind::receipt: {
        auto settled = deps.orders.settle(pending, read.receipt, deps.session.now());
        if (settled) co_return;
        delay.problem = settled.error().detail;
        delay.refused = settled.error().code.starts_with("receipt.");
        break;
      }
      case OrderAnswer::Kind::in_progress:
        delay.accepted = true;
        delay.problem = "The cloud is working on it.";
        break;
      case OrderAnswer::Kind::unknown:
        delay.accepted = false;
        delay.problem = "The cloud does not know the order.";
        break;
      case OrderAnswer::Kind::failed:
        delay.problem = read.error.detail;
        break;
    }
  }
  delay.next_try = deps.clock.now() + wait_after(delay.tries, deps.rng, asked);
  outbox.postpone(pending.id, delay);
}

}  // namespace

Task<void> run(Deps deps, Lanes<manifest> lanes) {
  Signal wake(co_await boost::asio::this_coro::executor);
  auto subscription = deps.orders.outbox().open.wake(wake);
  auto network = deps.net.state.wake(wake);
  NetState net = deps.net.state.get();
  for (;;) {
    if (!(net == deps.net.state.get())) {
      // The way to the cloud may be open again: what was put off is due.
      net = deps.net.state.get();
      deps.orders.outbox().hurry();
    }
    deps.health.report(manifest.name, findings(deps));
    auto pending = deps.orders.outbox().pending();
    std::vector<Instant> due;
    for (const auto& order : pending) {
      const Delay* delay = deps.orders.outbox().delay(order.id);
      due.push_back(delay ? delay->next_try : Instant{});
    }
    auto next = next_due(due);
    if (!next) {
      if (deps.orders.outbox().open.get().empty()) co_return;
      co_await deps.clock.sleep_for(minutes(1));  // the state cannot be read at the moment
      continue;
    }
    if (due[*next] > deps.clock.now()) {
      // Looked at again within the hour: by then an order may be overdue.
      co_await wake.wait_until(deps.clock, std::min(due[*next], deps.clock.now() + hours(1)));
      continue;
    }
    co_await attempt(deps, lanes, pending[*next]);
  }
}

Task<Result<boost::json::object>> export_data(Lanes<manifest> lanes,
                                              std::optional<Value<DataClass::feature_name>> feature) {
  auto message = feature ? export_one(*feature) : export_all();
  auto answer = co_await lanes.request.send(std::move(message));
  if (!answer) co_return std::move(answer).error();
  if (!answer->ok()) co_return answer->problem();
  co_return std::move(answer->json);
}

}  // namespace qcloud::erasure
