#include "tests/cloud/relay/adapter/relay.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>

namespace refrelay {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

namespace {

constexpr auto as_value = asio::as_tuple(asio::use_awaitable);
constexpr seconds greeting{10};            // a box that never says SETTINGS
constexpr milliseconds between_news{200};  // a box leaves a relay that nudges it more often

}  // namespace

void launch(asio::any_io_executor executor, Task<void> task) {
  asio::co_spawn(executor, std::move(task), asio::detached);
}

Relay::Relay(Options options)
    : options_(std::move(options)),
      context_(make_context(options_.tls)),
      cloud_(options_.cloud_socket),
      buffer_(128 * 1024) {
  visitors_.most = options_.most_visitors;
  visitors_.most_of_one = options_.most_of_one_source;
  boxes_.most = 10'000;
  boxes_.most_of_one = 256;  // many boxes may stand behind one router
}

void Relay::start(asio::io_context& io, std::function<void()> opened) {
  auto boxes = bind(io, options_.boxes, &box_ports_), visitors = bind(io, options_.visitors, &visitor_ports_);
  launch(io.get_executor(), announce(visitors, boxes, std::move(opened)));
  launch(io.get_executor(), sweep());
}

Relay::Acceptors Relay::bind(asio::io_context& io, const std::vector<tcp::endpoint>& at,
                             std::vector<tcp::endpoint>* got) {
  Acceptors out;
  for (const auto& endpoint : at) {
    auto acceptor = std::make_shared<tcp::acceptor>(io);
    acceptor->open(endpoint.protocol());
    acceptor->set_option(tcp::acceptor::reuse_address(true));
    acceptor->bind(endpoint);
    got->push_back(acceptor->local_endpoint());
    acceptors_.push_back(acceptor);
    out.push_back(acceptor);
  }
  return out;
}

void Relay::open(const Acceptors& acceptors, Connections& places, Taker taker) {
  for (const auto& acceptor : acceptors) {
    if (!acceptor->is_open()) continue;  // told to stop, meanwhile
    acceptor->listen(1024);
    launch(acceptor->get_executor(), accept(acceptor, places, taker));
  }
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

// The cloud may come up later, and again. It forgets what was attached to a relay that starts, so no box
// comes before.
Task<void> Relay::announce(Acceptors visitors, Acceptors boxes, std::function<void()> opened) {
  for (int i = 0;; ++i) {
    bool heard = co_await cloud_.started(options_.name, options_.public_ipv4, options_.public_ipv6);
    if (i == 0) {
      open(visitors, visitors_, &Relay::visit);
      opened();
    }
    if (heard) break;
    co_await sleep_for(seconds(1));
  }
  open(boxes, boxes_, &Relay::attach);
  co_await hear_news();
}

// The whole list each time, and anew when a box comes: what is not on the list is not told of.
Task<void> Relay::hear_news() {
  const auto executor = co_await asio::this_coro::executor;
  Bell attached(executor);
  on_attached_ = [&attached] { attached.ring(); };
  // A box that comes and goes and comes must not keep the cloud from answering.
  auto rung_after = [&attached](Instant calm) -> Task<void> {
    auto wait = std::chrono::ceil<milliseconds>(calm - Steady::now());
    if (wait > milliseconds(0)) co_await sleep_for(wait);
    co_await attached.rung();
  };
  for (Instant calm{};;) {
    auto asked = co_await before(cloud_.news(options_.name, told_, news_ride_ ? seconds(25) : seconds(0)),
                                 rung_after(calm));
    if (!asked) {
      co_await sleep_for(milliseconds(50));  // they may come in a crowd
      calm = Steady::now() + seconds(1);
      continue;
    }
    auto news = std::move(*asked);
    if (news.has_value() != news_ride_) {
      news_ride_ = news.has_value();
      tell_all();
    }
    if (news) {
      for (const auto& id : news->gone) {
        names_.doubt(id, Steady::now());
        for (const auto& session : slots_.of(id)) cut(session);
      }
      for (const auto& id : news->gone) told_.erase(id);
      for (const auto& [id, number] : news->newer) {
        names_.doubt(id, Steady::now());
        if (!slots_.holds(id)) continue;  // it left meanwhile
        told_[id] = number;
        for (const auto& session : slots_.of(id)) session->nudge();
        launch(executor, review(id));
      }
    }
    co_await sleep_for(news ? between_news : milliseconds(1000));
  }
}

Task<void> Relay::review(std::string id) {
  std::set<std::string> hosts;
  for (const auto& [wire, called] : visits_)
    if (called.device == id) hosts.insert(called.host);
  for (const auto& host : hosts) {
    auto device = co_await asked_for(host);
    while (!device) {  // a cloud that does not answer ends nobody's visit, and is asked again
      co_await sleep_for(seconds(1));
      device = co_await asked_for(host);
    }
    if (*device == id) continue;
    for (const auto& [wire, called] : visits_)
      if (called.device == id && called.host == host) wire->abort(true);
  }
}

std::string Relay::words_for(const Wire& wire, bool set_up) const {
  return json::serialize(json::object{
      {"seen", wire.peer().to_string()}, {"relay", options_.name}, {"news", set_up && news_ride_}});
}

void Relay::tell_all() {
  for (const auto& session : slots_.all())
    if (const auto& at = attachments_.at(session.get()); !at.until) session->tell(words_for(*at.wire, true));
}

// Whom nothing else would ever wake.
Task<void> Relay::sweep() {
  for (;;) {
    co_await sleep_for(seconds(1));
    auto now = Steady::now();
    for (const auto& [wire, called] : visits_)
      if (now - wire->moved() > (wire->stuck() ? options_.stalled : options_.idle)) wire->abort(true);
    for (const auto& session : slots_.all()) {
      const auto& attachment = attachments_.at(session.get());
      bool mute = !session->greeted() && now - attachment.began > greeting;
      if (now - std::max(session->heard(), attachment.began) > options_.silent &&
          !doubts_.contains(session.get()))
        launch(attachment.wire->executor(), doubt(session));
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
