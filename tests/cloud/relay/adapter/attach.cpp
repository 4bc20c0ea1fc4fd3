// Boxes: from the handshake to the end of an attachment.
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "tests/cloud/relay/adapter/relay.hpp"

namespace refrelay {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

namespace {

// While it lives, a box of this id is on its way in.
class Arrival {
 public:
  Arrival(std::map<std::string, int>& all, std::string id) : all_(all), id_(std::move(id)) { ++all_[id_]; }
  Arrival(const Arrival&) = delete;
  ~Arrival() {
    if (--all_[id_] == 0) all_.erase(id_);
  }

 private:
  std::map<std::string, int>& all_;
  const std::string id_;
};

}  // namespace

Task<void> Relay::attach(WirePtr wire, Connections::Place) {
  wire->impatient();
  auto secured = co_await before(wire->accept_tls(context_.get()), sleep_for(seconds(10)));
  if (!secured || !*secured) co_return wire->abort();
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(wire->ssl(), &protocol, &size);
  if (size == 0) co_return wire->abort();  // it named none at all
  auto shown = shown_by(wire->ssl());
  bool set_up = !shown.device.empty();
  auto id = set_up ? shown.device : "setup:" + shown.rendezvous;
  SessionPtr session;
  bool admitted = false;
  {
    Arrival arrival(arriving_, id);
    if (set_up) {
      auto admission = co_await cloud_.attach(options_.name, id, wire->peer().to_string(), shown.certificate);
      admitted = admission.admitted;
      if (admitted && !admission.newest) news_ride_ = false;
      if (admitted && !slots_.holds(id)) {
        told_[id] = admission.newest.value_or(0);
        // While it was not here nobody said what changed.
        names_.doubt(id, Steady::now());
      }
    } else if (!shown.rendezvous.empty())
      admitted = rendezvous_.admit(id, Connections::network(wire->peer()), Steady::now());
    if (admitted) session = std::make_shared<Session>(id, budget_);
  }
  if (!admitted) {
    wire->abort();
    // Its last connection may have ended meanwhile, and left that to this one.
    if (set_up) co_await report_gone(id, wire->peer().to_string(), shown.certificate);
    co_return;
  }
  struct Held {
    Relay& relay;
    const SessionPtr& session;
    ~Held() {
      relay.slots_.free(session);
      relay.attachments_.erase(session.get());
      relay.doubts_.erase(session.get());
    }
  };
  {
    Held held{*this, session};
    attachments_[session.get()] = {wire, Steady::now(), std::nullopt};
    if (!set_up) attachments_[session.get()].until = rendezvous_.end_of(id);
    for (const auto& older : slots_.take(session)) launch(wire->executor(), doubt(older));
    const auto all = slots_.of(id);
    for (std::size_t i = 0; i + Slots::of_a_box_with_ending < all.size(); ++i) cut(all[i]);
    session->tell(words_for(*wire, set_up));
    if (set_up && on_attached_) on_attached_();
    co_await run(wire, session);
  }
  if (set_up) co_await report_gone(id, wire->peer().to_string(), shown.certificate);
}

// The box may be back before the cloud has heard that it was gone.
Task<void> Relay::report_gone(std::string id, std::string seen, std::string certificate) {
  if (slots_.holds(id) || arriving_.contains(id)) co_return;
  told_.erase(id);
  co_await cloud_.detach(options_.name, id);
  if (slots_.holds(id)) co_await cloud_.attach(options_.name, id, seen, certificate);
}

Task<void> Relay::run(WirePtr wire, SessionPtr session) {
  Bell more(wire->executor());
  session->on_output = [&more] { more.ring(); };
  co_await first_of(read_box(wire, session), write_box(wire, session, more));
  session->on_output = nullptr;
  session->end();
  wire->abort();
}

Task<void> Relay::read_box(WirePtr wire, SessionPtr session) {
  for (std::size_t turn = 0;;) {
    auto got = co_await wire->read(buffer_);
    if (got <= 0) co_return;
    if (!session->receive({buffer_.data(), static_cast<std::size_t>(got)}, Steady::now())) break;
    // What came goes on to the visitors before more is taken.
    if (turn += static_cast<std::size_t>(got); turn < buffer_.size()) continue;
    turn = 0;
    co_await asio::post(wire->executor(), asio::use_awaitable);
  }
  co_await sleep_for(seconds(1));  // the reason goes out first
}

Task<void> Relay::write_box(WirePtr wire, SessionPtr session, Bell& more) {
  for (;;) {
    auto bytes = session->output();
    if (bytes.empty()) {
      if (session->done()) co_return wire->finish();
      co_await more.wait();
      continue;
    }
    bool written = co_await wire->write(bytes);
    if (!written) co_return;
    session->sent(wire->prompt());
  }
}

// A box that is dead does not say so: it is asked, and cut off if it is silent.
Task<void> Relay::doubt(SessionPtr session) {
  if (!doubts_.insert(session.get()).second) co_return;
  session->set_aside();
  session->ping();
  // Three seconds without a word: one that is busy answers late, and says other things meanwhile.
  auto heard = session->heard();
  const auto until = Steady::now() + seconds(30);
  for (int i = 0; i < 30 && session->aside() && Steady::now() < until; ++i) {
    co_await sleep_for(milliseconds(100));
    if (session->heard() != std::exchange(heard, session->heard())) i = 0;
  }
  doubts_.erase(session.get());
  if (session->aside()) co_return cut(session);
  if (auto surplus = slots_.surplus(session->id()); surplus && surplus->leaving())
    cut(surplus);
  else if (surplus)
    co_await see_off(surplus);
}

// RFC 9113 6.8: what the box sends before it has heard the first word is still welcome.
Task<void> Relay::see_off(SessionPtr session) {
  auto heard = session->heard();
  session->leave();
  session->ping();
  for (int i = 0; i < 20 && session->heard() == heard; ++i) co_await sleep_for(milliseconds(50));
  session->leave();
}

void Relay::cut(const SessionPtr& session) {
  if (auto at = attachments_.find(session.get()); at != attachments_.end()) at->second.wire->abort(true);
}

}  // namespace refrelay
