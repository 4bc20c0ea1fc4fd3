#include "tests/cloud/relay/adapter/relay.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace refrelay {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);
constexpr seconds greeting{10};  // a box that never says SETTINGS

}  // namespace

void launch(asio::any_io_executor executor, Task<void> task) {
  asio::co_spawn(executor, std::move(task), asio::detached);
}

Relay::Relay(Options options)
    : options_(std::move(options)),
      context_(make_context(options_.tls)),
      cloud_(options_.cloud_socket),
      buffer_(64 * 1024) {
  visitors_.most = options_.most_visitors;
  visitors_.most_of_one = options_.most_of_one_source;
  boxes_.most = 10'000;
  boxes_.most_of_one = 256;  // many boxes may stand behind one router
}

void Relay::start(asio::io_context& io) {
  for (const auto& at : options_.boxes) box_ports_.push_back(listen(io, at, boxes_, &Relay::attach));
  for (const auto& at : options_.visitors) visitor_ports_.push_back(listen(io, at, visitors_, &Relay::visit));
  launch(io.get_executor(), announce());
  launch(io.get_executor(), sweep());
}

tcp::endpoint Relay::listen(asio::io_context& io, const tcp::endpoint& at, Connections& places, Taker taker) {
  auto acceptor = std::make_shared<tcp::acceptor>(io);
  acceptor->open(at.protocol());
  acceptor->set_option(tcp::acceptor::reuse_address(true));
  acceptor->bind(at);
  acceptor->listen(1024);
  acceptors_.push_back(acceptor);
  launch(io.get_executor(), accept(acceptor, places, taker));
  return acceptor->local_endpoint();
}

Task<void> Relay::accept(std::shared_ptr<tcp::acceptor> acceptor, Connections& places, Taker taker) {
  for (;;) {
    auto [failed, socket] = co_await acceptor->async_accept(as_value);
    if (!acceptor->is_open()) co_return;
    if (failed) {  // no descriptors left, or the peer is gone again
      co_await sleep_for(milliseconds(50));
      continue;
    }
    auto wire = std::make_shared<Wire>(std::move(socket));
    if (auto place = places.enter(wire->peer()))
      launch(wire->executor(), (this->*taker)(wire, std::move(*place)));
    else
      wire->abort(true);
  }
}

// The cloud may come up later, and again.
Task<void> Relay::announce() {
  for (;;) {
    bool heard = co_await cloud_.started(options_.name, options_.public_ipv4, options_.public_ipv6);
    if (heard) break;
    co_await sleep_for(seconds(1));
  }
  co_await hear_news();
}

// The whole list each time: it needs no memory of what was said before, on neither side.
Task<void> Relay::hear_news() {
  for (;;) {
    std::set<std::string> attached;
    for (const auto& session : slots_.all())
      if (!attachments_.at(session.get()).until) attached.insert(session->id());
    std::vector<std::string> list(attached.begin(), attached.end());
    auto gone = co_await cloud_.gone(options_.name, list);
    if (gone)
      for (const auto& id : *gone)
        for (const auto& session : slots_.of(id)) cut(session);
    co_await sleep_for(gone ? milliseconds(100) : milliseconds(2000));
  }
}

// Whom nothing else would ever wake.
Task<void> Relay::sweep() {
  for (;;) {
    co_await sleep_for(seconds(1));
    auto now = Steady::now();
    for (const auto& wire : visits_)
      if (now - wire->moved() > (wire->stuck() ? options_.stalled : options_.idle)) wire->abort(true);
    for (const auto& session : slots_.all()) {
      const auto& attachment = attachments_.at(session.get());
      bool mute = !session->greeted() && now - attachment.began > greeting;
      if (mute || (attachment.until && now > *attachment.until)) cut(session);
    }
  }
}

Task<void> Relay::drain(seconds patience) {
  for (auto& weak : acceptors_)
    if (auto acceptor = weak.lock()) acceptor->close();
  auto executor = co_await asio::this_coro::executor;
  for (const auto& session : slots_.all()) launch(executor, see_off(session));
  auto end = Steady::now() + patience;
  while ((!visits_.empty() || !attachments_.empty()) && Steady::now() < end)
    co_await sleep_for(milliseconds(20));
}

}  // namespace refrelay
