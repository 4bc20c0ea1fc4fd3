#include "agent/features/link/switchboard/carry.hpp"

#include "agent/core/race.hpp"

namespace qcloud::link {
namespace {

constexpr Millis stuck = minutes(10);

// Visitor to service, until the visitor's end. No view of the visit's bytes lives across a wait: they move
// when more come in.
Task<bool> inward(Visit* visit, LocalStream* service, Clock* clock) {
  for (;;) {
    auto bytes = co_await visit->received();
    if (!bytes) co_return false;
    if (bytes->empty()) {
      service->finish();
      co_return true;
    }
    auto put = service->write(*bytes);
    if (!put) co_return false;
    visit->passed_on(*put);
    if (*put > 0) continue;
    bool more = co_await takes_more(service, clock);
    if (!more) co_return false;
  }
}

// Service to visitor, until the service's end. Memory is asked for when there is something to put in it.
Task<bool> outward(Visit* visit, LocalStream* service) {
  Appetite appetite;
  for (;;) {
    auto ready = co_await service->readable();
    if (!ready) co_return false;
    auto place = co_await visit->room(appetite.wish());
    if (!place) co_return false;
    auto got = service->read(*place);
    if (!got) co_return false;
    auto count = got->value_or(0);
    visit->commit(count);
    if (!*got) continue;
    if (count == 0) {
      visit->finish();
      co_return true;
    }
    appetite.fed(count, place->size());
  }
}

Task<void> or_throw(Task<bool> way) {
  bool ended = co_await std::move(way);
  if (!ended) throw boost::system::system_error(boost::asio::error::operation_aborted);
}

Task<bool> both(Task<bool> in, Task<bool> out) {
  using namespace boost::asio::experimental::awaitable_operators;
  try {
    co_await (or_throw(std::move(in)) && or_throw(std::move(out)));
  } catch (const boost::system::system_error&) {
    co_return false;
  } catch (const boost::asio::multiple_exceptions&) {  // the other was cancelled for it
    co_return false;
  }
  co_return true;
}

}  // namespace

Task<bool> takes_more(LocalStream* service, Clock* clock) {
  auto ready = co_await within(service->writable(), *clock, clock->now() + stuck);
  co_return ready&&* ready;
}

Task<bool> hand_over(LocalStream* service, Clock* clock, std::string bytes) {
  std::span<const char> left = bytes;
  while (!left.empty()) {
    auto put = service->write(left);
    if (!put) co_return false;
    left = left.subspan(*put);
    if (*put > 0) continue;
    bool more = co_await takes_more(service, clock);
    if (!more) co_return false;
  }
  co_return true;
}

Task<bool> both_ways(Visit* visit, Task<bool> in, Task<bool> out) {
  auto ended = co_await unless(both(std::move(in), std::move(out)), visit->lost());
  co_return ended.value_or(false);
}

Task<bool> carry_through(Visit* visit, LocalStream* service, Clock* clock) {
  co_return co_await both_ways(visit, inward(visit, service, clock), outward(visit, service));
}

}  // namespace qcloud::link
