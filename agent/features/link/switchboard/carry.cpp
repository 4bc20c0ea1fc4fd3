#include "agent/features/link/switchboard/carry.hpp"

namespace qcloud::link {
namespace {

constexpr std::size_t a_turn = 128 * 1024;

}  // namespace

Task<void> Carrier::carry(Clock& clock) {
  struct Told {
    LocalStream& service;
    ~Told() { service.tell(nullptr); }
  } told{service_};
  // Most of the time it is the service that has more, and no coroutine need wake for it.
  service_.tell([this, &clock] {
    if (look(clock)) visit_.stirred().notify();
  });
  while (!look(clock)) co_await visit_.stirred().wait();
}

bool Carrier::look(Clock& clock) {
  if (inward_ == Turn::waits) inward_ = inward();
  if (outward_ == Turn::waits) outward_ = outward();
  auto for_service = visit_.waiting() + owed_.size(), for_visitor = visit_.unsent();
  // Asked for the time only where something waits: most of the time nothing does.
  auto now = for_service + for_visitor > 0 ? clock.now() : Instant();
  to_service_.look(visit_.bytes_in(), for_service, now);
  to_visitor_.look(visit_.bytes_out(), for_visitor, now);
  if (inward_ == Turn::failed || outward_ == Turn::failed) return true;
  return inward_ == Turn::ended && outward_ == Turn::ended && visit_.over();
}

std::optional<bool> Carrier::settled() {
  if (owed_.empty()) return true;
  auto put = service_.write(std::span<const char>(owed_));
  if (!put) return std::nullopt;
  owed_.erase(0, *put);
  if (owed_.empty()) owed_.shrink_to_fit();
  return owed_.empty();
}

Through::Through(Visit& visit, LocalStream& service, std::string first)
    : Carrier(visit, service, std::move(first)) {
  visit_.straight_to([this](const Rows<const char>& bytes) -> std::size_t {
    under_way_ |= visit_.bytes_out() > 0;
    if (owes()) return 0;
    auto put = service_.write(bytes);
    return put ? *put : 0;  // what is wrong shows when inward() tries
  });
}
Through::~Through() { visit_.straight_to(nullptr); }

Carrier::Turn Through::inward() {
  for (;;) {
    auto ready = settled();
    if (!ready) return Turn::failed;
    if (!*ready) return Turn::waits;
    auto bytes = visit_.received();
    if (bytes.empty() && !visit_.ended()) return visit_.gone() ? Turn::failed : Turn::waits;
    if (bytes.empty()) {
      service_.finish();
      return Turn::ended;
    }
    under_way_ |= visit_.bytes_out() > 0;
    auto put = service_.write(bytes);
    if (!put) return Turn::failed;
    visit_.passed_on(*put);
    if (*put < bytes.bytes()) return Turn::waits;
  }
}

Carrier::Turn Through::outward() {
  for (;;) {
    auto place = visit_.room(wish_);
    if (place.empty()) return visit_.gone() ? Turn::failed : Turn::waits;
    auto got = service_.read(place);
    auto count = got ? got->value_or(0) : 0;
    visit_.commit(count);
    if (!got) return Turn::failed;
    if (!*got) return Turn::waits;
    if (count == 0) {
      visit_.finish();
      return Turn::ended;
    }
    bool more = count == place.bytes();
    wish_ = more ? a_turn : Block::room;
    if (!more) return Turn::waits;
  }
}

}  // namespace qcloud::link
