#include "agent/features/link/switchboard/secured.hpp"

// What waits in TLS is bounded by the room that the visit has: outward() seals no more than that, and what
// the visitor's own messages provoke (RFC 8446, 4.6.3) leaves before more of them are looked at.
namespace qcloud::link {
namespace {

constexpr std::size_t a_turn = 64 * 1024;

}  // namespace

bool Secured::flush() {
  auto pending = end_.pending();
  if (pending.empty()) return true;
  auto count = visit_.put(pending);
  end_.sent(count);
  return count == pending.size();
}

// A record at a time, to the service.
Carrier::Turn Secured::inward() {
  for (;;) {
    auto ready = settled();
    if (!ready) return Turn::failed;
    if (!*ready) return Turn::waits;
    if (!flush() && end_.pending().size() >= TlsEnd::enough)
      return visit_.gone() ? Turn::failed : Turn::waits;
    auto records = visit_.received().front();
    if (records.empty() && !visit_.ended()) return visit_.gone() ? Turn::failed : Turn::waits;
    // The end of the bytes is not the visitor's: anybody on the way can say that (RFC 8446, 6.1).
    if (records.empty()) return Turn::failed;
    auto before = records.size();
    auto opened = end_.open(records, scratch_);
    auto used = before - records.size();
    was_secured_ |= end_.secured();
    if (opened.step == TlsEnd::Step::bytes) owe(scratch_.first(opened.count));
    visit_.passed_on(used);
    if (opened.step == TlsEnd::Step::failed) return Turn::failed;
    if (opened.step == TlsEnd::Step::ended) {
      service_.finish();
      return Turn::ended;
    }
  }
}

Carrier::Turn Secured::outward() {
  for (;;) {
    if (!flush() || !was_secured_) return visit_.gone() ? Turn::failed : Turn::waits;
    if (ending_) {
      visit_.finish();
      return Turn::ended;
    }
    auto room = visit_.room(a_turn).bytes();
    visit_.commit(0);
    if (room == 0) return visit_.gone() ? Turn::failed : Turn::waits;
    auto records = room / TlsEnd::record + 1;
    auto clear = room > 2 * records * TlsEnd::overhead ? room - records * TlsEnd::overhead : 256;
    auto into = scratch_.first(std::min(clear, scratch_.size()));
    auto got = service_.read(into);
    if (!got) return Turn::failed;
    if (!*got) return Turn::waits;
    auto count = **got;
    ending_ = count == 0;
    bool fine = true;
    if (ending_)
      end_.finish();
    else
      fine = end_.seal(into.first(count));
    bool said = flush();
    if (!fine) return Turn::failed;
    if (!ending_ && said && count < into.size()) return Turn::waits;
  }
}

Task<bool> Secured::last_words() {
  while (!flush()) {
    if (visit_.gone()) co_return false;
    co_await visit_.stirred().wait();
  }
  visit_.finish();
  co_await visit_.delivered();
  co_return true;
}

}  // namespace qcloud::link
