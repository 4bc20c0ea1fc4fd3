#include "agent/features/link/switchboard/switchboard.hpp"

#include <algorithm>

#include "agent/core/race.hpp"
#include "agent/features/link/switchboard/carry.hpp"
#include "agent/features/link/switchboard/secured.hpp"

namespace qcloud::link {
namespace {

constexpr std::size_t scratch_size = 64 * 1024;
constexpr std::uint16_t https = 443;       // the one port that the relay has for visitors
constexpr Millis last_words = seconds(5);  // until a visitor has heard why not

Task<bool> part(Visit* visit, Secured* secured) {
  bool said = co_await secured->flush();
  visit->finish();
  co_await visit->delivered();
  co_return said;
}

}  // namespace

Task<void> Switchboard::serve(std::shared_ptr<Visit> visit) {
  // However this coroutine ends, the visit does too.
  struct Ender {
    Visit& visit;
    ~Ender() { visit.reset(); }
  } ender{*visit};
  const auto opening = visit->opening();
  VisitRecord record{deps_.clock.wall(), "", opening.visitor, Millis(0), 0, 0, ""};
  auto began = deps_.clock.now();
  const Service* found = nullptr;
  if (opening.port == https) found = find_service(deps_.services(), deps_.fqdn(), opening.host);
  if (!found) {
    visit->answer(403);
    record.outcome = "not published";
  } else if (record.service = found->name; found->admin_page && !door_.admits(opening.visitor, began)) {
    visit->answer(503);
    record.outcome = "too many failures";
  } else {
    const Service service = *found;
    struct Entry {
      std::list<Led>& all;
      std::list<Led>::iterator at;
      ~Entry() { all.erase(at); }
    } entry{led_, led_.insert(led_.end(), {visit, service})};
    record.outcome = co_await lead(visit, service);
    record.stayed = deps_.clock.now() - began;
    record.bytes_in = visit->bytes_in();
    record.bytes_out = visit->bytes_out();
    // A service that was down is nobody's failure but its own.
    if (service.admin_page && (record.outcome == "served" || record.outcome == "no TLS"))
      door_.left(opening.visitor, deps_.clock.now(), record.stayed, record.bytes_out);
  }
  deps_.record(std::move(record));
}

void Switchboard::review() {
  const auto& published = deps_.services();
  for (auto& [visit, service] : led_)
    if (std::find(published.begin(), published.end(), service) == published.end()) visit->reset();
}

Task<std::string> Switchboard::lead(std::shared_ptr<Visit> visit, Service service) {
  auto dialed = co_await unless(deps_.dial.dial(service.address, service.port), visit->lost());
  if (!dialed || !*dialed) {
    visit->answer(502);
    co_return "service down";
  }
  auto local = std::move(**dialed);
  std::unique_ptr<TlsEnd> end;
  if (service.tls == Tls::here) {
    if (!visit->burden(TlsEnd::cost)) {
      visit->answer(503);
      co_return "no room";
    }
    if (end = deps_.tls_end(); !end) {
      visit->answer(502);
      co_return "no certificate";
    }
  }
  visit->answer(200);
  if (service.proxy_header) {
    auto header = proxy_header(visit->opening(), service.address, service.port);
    bool told = co_await hand_over(local.get(), &deps_.clock, std::move(header));
    if (!told) co_return "service down";
  }
  if (end) co_return co_await secure(visit, local.get(), end.get());
  bool in_order = co_await carry_through(visit.get(), local.get(), &deps_.clock);
  if (in_order) co_await visit->delivered();
  co_return "served";
}

Task<std::string> Switchboard::secure(std::shared_ptr<Visit> visit, LocalStream* service, TlsEnd* end) {
  if (!scratch_) scratch_.reset(new char[scratch_size]);
  const std::span<char> scratch(scratch_.get(), scratch_size);
  Secured secured(*end, *visit, *service, deps_.clock, scratch);
  auto greeted = co_await unless(secured.shake_hands(), visit->lost());
  if (greeted.value_or(false)) {
    bool in_order = co_await secured.carry();
    if (in_order) co_await visit->delivered();
    co_return "served";
  }
  // The alert says why not; a visitor who does not take it is not waited for.
  (void)co_await within(part(visit.get(), &secured), deps_.clock, deps_.clock.now() + last_words);
  co_return "no TLS";
}

}  // namespace qcloud::link
