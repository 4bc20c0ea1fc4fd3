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
constexpr Millis stuck = minutes(10);      // a service that takes nothing for so long is left
constexpr Millis handshake = seconds(15);  // of a visitor whose TLS ends here
constexpr std::size_t a_few = 16;          // visits, where streams are what is scarce

}  // namespace

void Switchboard::take(std::shared_ptr<Visit> visit) {
  if (!std::exchange(watching_, true)) visits_.spawn(watch());
  visits_.spawn(serve(std::move(visit)));
}

Task<void> Switchboard::serve(std::shared_ptr<Visit> visit) {
  // However this coroutine ends, the visit does too.
  struct Ender {
    Visit& visit;
    ~Ender() { visit.reset(); }
  } ender{*visit};
  const auto opening = visit->opening();
  VisitRecord record{deps_.clock.wall(), "", opening.visitor, Millis(0), 0, 0, ""};
  const Service* found = nullptr;
  if (opening.port == https) found = find_service(deps_.services(), deps_.fqdn(), opening.host);
  if (!found) {
    visit->answer(403);
    record.outcome = "not published";
  } else if (record.service = found->name; found->admin_page && !admits(opening.visitor)) {
    visit->answer(503);
    record.outcome = "too many failures";
  } else {
    const auto now = deps_.clock.now();
    struct Entry {
      std::list<Led>& all;
      std::list<Led>::iterator at;
      ~Entry() { all.erase(at); }
    } entry{led_, led_.insert(led_.end(), {visit, *found, now, record.began, now})};
    const Led& led = *entry.at;
    auto outcome = co_await lead(&*entry.at);
    record = record_of(led, led.gave_way ? "gave way" : std::move(outcome));
    // A service that was down is nobody's failure but its own.
    if (led.service.admin_page && (record.outcome == "served" || record.outcome == "no TLS"))
      door_.left(opening.visitor, deps_.clock.now(), record.stayed, record.bytes_out);
  }
  deps_.record(std::move(record));
}

VisitRecord Switchboard::record_of(const Led& led, std::string outcome) const {
  const auto& visit = *led.visit;
  return {led.came,
          led.service.name,
          visit.opening().visitor,
          deps_.clock.now() - led.began,
          visit.bytes_in(),
          visit.bytes_out() - visit.unsent(),
          std::move(outcome)};
}

std::vector<VisitRecord> Switchboard::there() const {
  std::vector<VisitRecord> out;
  for (const auto& led : led_) out.push_back(record_of(led, "still here"));
  return out;
}

// To an admin page. Those who are there count, or he who comes with many at once would have them all.
bool Switchboard::admits(const std::string& source) const {
  const auto now = deps_.clock.now();
  auto there = source.empty() ? 0 : std::count_if(led_.begin(), led_.end(), [&](const Led& led) {
    return led.service.admin_page && Doorkeeper::failed(now - led.began, led.visit->bytes_out()) &&
           household(led.visit->opening().visitor) == household(source);
  });
  return door_.admits(source, now, static_cast<int>(there));
}

void Switchboard::review() {
  const auto fqdn = deps_.fqdn();
  for (auto& led : led_) {
    const auto* service = find_service(deps_.services(), fqdn, led.visit->opening().host);
    if (!service || *service != led.service) led.visit->reset();
  }
}

// One timer for all, and none while there are no visits.
Task<void> Switchboard::watch() {
  for (;;) {
    while (led_.empty()) co_await more_.wait();
    auto next = leave_the_stuck();
    if (!find_room()) next = std::min(next, deps_.clock.now() + seconds(1));
    looks_at_ = next;
    co_await crowded_.wait_until(deps_.clock, next);
  }
}

// When to look again.
Instant Switchboard::leave_the_stuck() {
  auto now = deps_.clock.now(), next = now + stuck;
  auto ends = [&](const Led& led, Instant when) {
    if (now >= when)
      led.visit->reset();
    else
      next = std::min(next, when);
  };
  for (const auto& led : led_) {
    if (!led.carrier) continue;
    if (auto since = led.carrier->service_stands()) ends(led, *since + stuck);
    if (led.service.tls == Tls::here && !led.carrier->under_way()) ends(led, led.began + handshake);
  }
  return next;
}

// True: there is room, and nobody has to give way.
bool Switchboard::find_room() {
  bool roomy = deps_.budget.roomy();
  if (roomy && !deps_.full()) return true;
  std::vector<Led*> who;
  std::vector<Standing> standing;
  auto now = deps_.clock.now();
  for (auto& led : led_) {
    if (!led.carrier || led.gave_way) continue;
    auto bytes = led.visit->bytes_in() + led.visit->bytes_out();
    if (bytes != std::exchange(led.seen, bytes)) led.moved = now;
    auto since =
        std::min(led.carrier->service_stands().value_or(now), led.carrier->visitor_stands().value_or(now));
    bool nothing_waits = since == now;
    who.push_back(&led);
    standing.push_back({led.visit->opening().visitor, now - (nothing_waits ? led.moved : since),
                        led.visit->holds(), nothing_waits && led.carrier->under_way()});
  }
  // A quarter is to be free: of less, what the others have on its way takes the most at once.
  auto needed = roomy ? a_few * Visit::cost : deps_.budget.total() / 4 - deps_.budget.free();
  for (auto i : who_gives_way(standing, needed)) {
    who[i]->gave_way = true;
    who[i]->visit->reset();
  }
  return false;
}

Task<std::string> Switchboard::lead(Led* led) {
  auto visit = led->visit;
  const auto& service = led->service;
  // Each connection of the relay's has its share of the descriptors; one that it said goodbye on goes on
  // beside them.
  if (led_.size() > deps_.dial.most()) {
    visit->refuse();
    co_return "no room";
  }
  if (service.tls == Tls::here && !visit->burden(TlsEnd::cost)) {
    visit->refuse();
    co_return "no room";
  }
  auto dialed = co_await unless(deps_.dial.dial(service.address, service.port), visit->lost());
  if (!dialed) co_return "left";
  if (!*dialed && dialed->error().code == "local.no_room") {
    visit->refuse();
    co_return "no room";
  }
  if (!*dialed) {
    visit->answer(502);
    co_return "service down";
  }
  auto local = std::move(**dialed);
  std::unique_ptr<TlsEnd> end;
  if (service.tls == Tls::here) {
    if (end = deps_.tls_end(); !end) {
      visit->answer(502);
      co_return "no certificate";
    }
  }
  visit->answer(200);
  std::string first;
  if (service.proxy_header) first = proxy_header(visit->opening(), service.address, service.port);
  if (!end) {
    Through through(*visit, *local, std::move(first));
    co_return co_await carry(led, &through);
  }
  if (!scratch_) scratch_.reset(new char[scratch_size]);
  Secured secured(*end, *visit, *local, std::move(first), {scratch_.get(), scratch_size});
  if (looks_at_ > deps_.clock.now() + handshake) crowded_.notify();
  auto outcome = co_await carry(led, &secured);
  if (secured.under_way()) co_return outcome;
  // The alert says why not; a visitor who does not take it is not waited for.
  (void)co_await within(secured.last_words(), deps_.clock, deps_.clock.now() + last_words);
  co_return "no TLS";
}

Task<std::string> Switchboard::carry(Led* led, Carrier* carrier) {
  led->carrier = carrier;
  more_.notify();
  co_await carrier->carry(deps_.clock);
  co_return "served";
}

}  // namespace qcloud::link
