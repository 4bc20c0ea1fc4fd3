#include "agent/features/link/switchboard/secured.hpp"

#include <cstring>

#include "agent/features/link/switchboard/carry.hpp"

// After the handshake only outward() speaks to the visitor, so that what waits in TLS is bounded by the room
// that the visit has; what the visitor's own messages provoke (RFC 8446, 4.6.3) leaves with it.
namespace qcloud::link {

void Secured::move_pending(std::span<char> place) {
  auto pending = end_.pending();
  auto count = std::min(pending.size(), place.size());
  std::memcpy(place.data(), pending.data(), count);
  end_.sent(count);
  visit_.commit(count);
}

Task<bool> Secured::flush() {
  while (!end_.pending().empty()) {
    auto place = co_await visit_.room(end_.pending().size());
    if (!place) co_return false;
    move_pending(*place);
  }
  co_return true;
}

// What came from the visitor, one record of it, to the service.
Task<Secured::Pumped> Secured::pump() {
  auto bytes = co_await visit_.received();
  if (!bytes) co_return Pumped::failed;
  if (bytes->empty()) co_return Pumped::ended;
  auto records = *bytes;
  auto opened = end_.open(records, scratch_);
  auto used = bytes->size() - records.size();
  std::string rest;
  bool gone = false;
  if (opened.step == TlsEnd::Step::bytes) {
    std::span<const char> clear = scratch_.first(opened.count);
    auto put = service_.write(clear);
    gone = !put;
    if (put) rest.assign(clear.data() + *put, clear.size() - *put);
  }
  visit_.passed_on(used);
  if (gone || opened.step == TlsEnd::Step::failed) co_return Pumped::failed;
  if (opened.step == TlsEnd::Step::ended) co_return Pumped::ended;
  if (rest.empty()) co_return Pumped::more;
  bool taken = co_await hand_over(&service_, &clock_, std::move(rest));
  co_return taken ? Pumped::more : Pumped::failed;
}

Task<bool> Secured::shake_hands() {
  while (!end_.secured()) {
    auto pumped = co_await pump();
    bool said = co_await flush();
    if (pumped != Pumped::more || !said) co_return false;
  }
  co_return true;
}

Task<bool> Secured::inward() {
  for (;;) {
    auto pumped = co_await pump();
    if (pumped == Pumped::failed) co_return false;
    if (pumped == Pumped::more) continue;
    service_.finish();
    co_return true;
  }
}

Task<bool> Secured::outward() {
  Appetite appetite;
  for (;;) {
    bool said = co_await flush();
    if (!said) co_return false;
    auto ready = co_await service_.readable();
    if (!ready) co_return false;
    auto place = co_await visit_.room(appetite.wish());
    if (!place) co_return false;
    auto records = place->size() / TlsEnd::record + 1;
    auto clear =
        place->size() > 2 * records * TlsEnd::overhead ? place->size() - records * TlsEnd::overhead : 256;
    auto into = scratch_.first(std::min(clear, scratch_.size()));
    auto got = service_.read(into);
    if (!got) co_return false;
    bool ended = *got && **got == 0;
    bool fine = true;
    if (ended)
      end_.finish();
    else if (*got)
      fine = end_.seal(into.first(**got));
    move_pending(*place);
    if (!fine) co_return false;
    if (*got) appetite.fed(**got, into.size());
    if (!ended) continue;
    said = co_await flush();
    visit_.finish();
    co_return said;
  }
}

Task<bool> Secured::carry() { return both_ways(&visit_, inward(), outward()); }

}  // namespace qcloud::link
