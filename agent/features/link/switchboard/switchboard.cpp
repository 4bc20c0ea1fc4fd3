#include "agent/features/link/switchboard/switchboard.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "agent/features/link/switchboard/tls_end.hpp"

namespace qcloud::link {
namespace {

constexpr std::size_t chunk = 64 * 1024;

// Visitor to service, until the visitor's end. No view of the visit's bytes lives across a wait: they move
// when more come in.
Task<bool> inward(Visit* visit, LocalStream* service) {
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
    auto ready = co_await service->writable();
    if (!ready) co_return false;
  }
}

// Service to visitor, until the service's end. Memory is asked for when there is something to put in it.
Task<bool> outward(Visit* visit, LocalStream* service) {
  for (;;) {
    auto ready = co_await service->readable();
    if (!ready) co_return false;
    auto place = co_await visit->room(chunk);
    if (!place) co_return false;
    auto got = service->read(*place);
    if (!got) co_return false;
    if (!*got) {
      visit->commit(0);
      continue;
    }
    if (**got == 0) {
      visit->finish();
      co_return true;
    }
    visit->commit(**got);
  }
}

Task<void> or_throw(Task<bool> way) {
  bool ended = co_await std::move(way);
  if (!ended) throw boost::system::system_error(boost::asio::error::operation_aborted);
}

// True when both ways ended in order; as soon as one fails, the other is over too.
Task<bool> both_ways(Task<bool> in, Task<bool> out) {
  using namespace boost::asio::experimental::awaitable_operators;
  try {
    co_await (or_throw(std::move(in)) && or_throw(std::move(out)));
  } catch (const boost::system::system_error&) {
    co_return false;
  }
  co_return true;
}

}  // namespace

Task<bool> hand_over(LocalStream* service, std::string bytes) {
  std::span<const char> left = bytes;
  while (!left.empty()) {
    auto put = service->write(left);
    if (!put) co_return false;
    left = left.subspan(*put);
    if (*put > 0) continue;
    auto ready = co_await service->writable();
    if (!ready) co_return false;
  }
  co_return true;
}

Task<void> Switchboard::serve(std::shared_ptr<Visit> visit) {
  // However this coroutine ends, the visit does too.
  struct Ender {
    Visit& visit;
    ~Ender() { visit.reset(); }
  } ender{*visit};
  const auto opening = visit->opening();
  VisitRecord record{deps_.clock.wall(), "", opening.visitor, Millis(0), 0, 0, ""};
  auto began = deps_.clock.now();
  const Service* found = find_service(deps_.services(), deps_.fqdn(), opening.host);
  if (!found) {
    visit->answer(403);
    record.outcome = "not published";
  } else if (record.service = found->name; found->admin_page && !door_.admits(opening.visitor, began)) {
    visit->answer(503);
    record.outcome = "too many failures";
  } else {
    const Service service = *found;
    record.outcome = co_await carry(visit, service);
    record.stayed = deps_.clock.now() - began;
    record.bytes_in = visit->bytes_in();
    record.bytes_out = visit->bytes_out();
    if (service.admin_page) door_.left(opening.visitor, deps_.clock.now(), record.stayed, record.bytes_out);
  }
  deps_.record(std::move(record));
}

Task<std::string> Switchboard::carry(std::shared_ptr<Visit> visit, Service service) {
  auto local = co_await deps_.dial.dial(service.address, service.port);
  if (!local) {
    visit->answer(502);
    co_return "service down";
  }
  std::shared_ptr<SSL_CTX> context;
  if (service.tls == Tls::here && !(context = deps_.certificate())) {
    visit->answer(502);
    co_return "no certificate";
  }
  visit->answer(200);
  auto* to = local->get();
  if (service.proxy_header) {
    bool told = co_await hand_over(to, proxy_header(visit->opening(), service.address, service.port));
    if (!told) co_return "service down";
  }
  bool in_order = false;
  if (context) {
    TlsEnd tls(context.get(), *visit);
    bool secured = co_await tls.shake_hands();
    if (!secured) {
      visit->finish();  // the alert is on its way
      co_await visit->delivered();
      co_return "no TLS";
    }
    in_order = co_await both_ways(tls.inward(to), tls.outward(to));
  } else {
    in_order = co_await both_ways(inward(visit.get(), to), outward(visit.get(), to));
  }
  if (in_order) co_await visit->delivered();
  co_return "served";
}

}  // namespace qcloud::link
