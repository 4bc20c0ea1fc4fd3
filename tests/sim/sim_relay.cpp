#include "tests/sim/sim_relay.hpp"

#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <cstring>

namespace sim {

namespace json = boost::json;
using qcloud::Error;
using qcloud::Result;
using qcloud::Retry;
using qcloud::Status;

namespace {

Error reset() { return {"net.reset", Retry::retry_soon, "The connection to the cloud was lost.", ""}; }

}  // namespace

RelayStream::RelayStream(Relays& relays, std::size_t relay, std::string device, std::string seen,
                         std::string local, Millis idle)
    : relays_(relays),
      relay_(relay),
      device_(std::move(device)),
      seen_(std::move(seen)),
      local_(std::move(local)),
      remote_(relays.all[relay].address),
      idle_(idle),
      session_(std::make_unique<refrelay::Session>(device_, relays.budget_)),
      self_(std::make_shared<RelayStream*>(this)),
      came_(relays.io.get_executor()) {
  session_->on_output = [this] {
    boost::asio::post(relays_.io, [weak = std::weak_ptr<RelayStream*>(self_)] {
      if (auto self = weak.lock()) (*self)->pump();
    });
  };
  tell();
}

void RelayStream::tell() {
  session_->tell(json::serialize(
      json::object{{"seen", seen_}, {"relay", relays_.all[relay_].name}, {"news", relays_.ask_cloud}}));
}

RelayStream::~RelayStream() {
  relays_.gone(this);
  session_->end();
  if (on_gone) on_gone(this);
}

void RelayStream::pump() {
  for (auto bytes = session_->output(); !bytes.empty(); bytes = session_->output()) {
    inbox_.append(bytes.data(), bytes.size());
    session_->sent(true);
  }
  if (session_->done()) ended_ = true;
  came_.notify();
}

Task<Result<std::size_t>> RelayStream::read(std::span<char> into) {
  HouseClock clock(relays_.time);
  for (;;) {
    auto until = dead_at_ ? dead_at_ : forgotten_at_;
    if (reset_ || (until && clock.now() >= *until)) co_return reset();
    if (!dead_at_ && !hangs_ && !inbox_.empty()) break;
    if (!dead_at_ && ended_) co_return std::size_t(0);
    if (until)
      co_await came_.wait_until(clock, *until);
    else
      co_await came_.wait();
  }
  auto count = std::min(into.size(), inbox_.size());
  std::memcpy(into.data(), inbox_.data(), count);
  inbox_.erase(0, count);
  co_return count;
}

Task<Result<bool>> RelayStream::write(std::span<const char> from) {
  if (reset_) co_return reset();
  if (dead_at_ || ended_ || hangs_) co_return true;  // nobody hears it
  refrelay::Instant now(relays_.time.now().time_since_epoch());
  if (!session_->receive(from, now)) ended_ = true;
  pump();
  co_return true;
}

// Silence until the first probe, then one a second for seven seconds.
void RelayStream::lose(SimRng& rng) {
  if (dead_at_) return;
  dead_at_ = relays_.time.now() + rng.between(7s, idle_ + 7s);
  came_.notify();
}

void RelayStream::probe_after(Millis idle) {
  bool sooner = idle < idle_;
  idle_ = idle;
  if (dead_at_ && sooner) dead_at_ = std::min(*dead_at_, relays_.time.now() + idle + 7s);
  look_at_router();
  came_.notify();
}

void RelayStream::forgotten_after(Millis span) {
  router_ = span;
  look_at_router();
}

// Its first probe meets a router that knows nothing of it.
void RelayStream::look_at_router() {
  if (router_ == Millis(0) || idle_ <= router_)
    forgotten_at_.reset();
  else if (!forgotten_at_)
    forgotten_at_ = relays_.time.now() + idle_ + 1s;
}

void RelayStream::end(bool with_reset) {
  ended_ = true;
  reset_ = reset_ || with_reset;
  came_.notify();
}

void RelayStream::babble(SimRng& rng) {
  for (int i = 0; i < 100; ++i) inbox_ += static_cast<char>(rng.below(256));
  came_.notify();
}

Relays::Relays(boost::asio::io_context& i, Time& t, refcloud::Cloud& cloud)
    : all{{"relay-a", "5.6.8.2", true, false, false, true, {}, {}, {}},
          {"relay-b", "5.6.8.3", true, false, false, true, {}, {}, {}}},
      io(i),
      time(t),
      cloud_(cloud) {
  for (std::size_t relay = 0; relay < count; ++relay) start(relay);
}

std::optional<json::object> Relays::ask(const std::string& target, const json::object& body) {
  refcloud::Request request{"POST", target, {{"Content-Type", "application/json"}}, json::serialize(body),
                            "",     {}};
  auto reply = cloud_.relay(request);
  auto* response = std::get_if<refcloud::Response>(&reply);
  if (!response || response->status != 200) return std::nullopt;
  return json::parse(response->body).as_object();
}

std::unique_ptr<RelayStream> Relays::attach(std::size_t at, const std::string& device,
                                            const std::string& seen, const std::string& local, Millis idle) {
  auto& relay = all[at];
  if (!relay.up) return nullptr;
  auto admitted = ask("/relay/attach", {{"relay", relay.name}, {"device_id", device}, {"seen", seen}});
  if (!admitted) return nullptr;
  relay.told.emplace(device, admitted->at("news").as_int64());
  auto stream = std::make_unique<RelayStream>(*this, at, device, seen, local, idle);
  relay.streams.push_back(stream.get());
  return stream;
}

void Relays::gone(RelayStream* stream) {
  auto& relay = all[stream->relay()];
  if (std::erase(relay.streams, stream) == 0) return;
  for (auto* other : relay.streams)
    if (other->device() == stream->device()) return;
  relay.told.erase(stream->device());
  ask("/relay/detach", {{"relay", relay.name}, {"device_id", stream->device()}});
}

void Relays::changed(const std::string& device) {
  if (ask_cloud) boost::asio::post(io, [this, device] { look(device); });
}

void Relays::look(const std::string& device) {
  for (auto& relay : all) {
    auto told = relay.told.find(device);
    if (told == relay.told.end() || !relay.up) continue;
    auto news = ask("/relay/news",
                    {{"relay", relay.name}, {"attached", json::object{{device, told->second}}}, {"hold", 0}});
    if (!news) continue;
    auto& newer = news->at("news").as_object();
    bool gone = !news->at("gone").as_array().empty();
    if (auto* number = newer.if_contains(device)) told->second = number->as_int64();
    for (auto* stream : std::vector<RelayStream*>(relay.streams)) {
      if (stream->device() != device) continue;
      if (gone)
        stream->end(true);
      else if (!newer.empty())
        stream->session().nudge();
    }
  }
}

void Relays::deaf(bool deaf) {
  if (ask_cloud == !deaf) return;
  ask_cloud = !deaf;
  for (auto& relay : all) {
    for (auto* stream : relay.streams) stream->tell();
    for (const auto& [device, told] : relay.told) changed(device);
  }
}

void Relays::stop(std::size_t at, bool says_goodbye) {
  auto& relay = all[at];
  if (!relay.up) return;
  relay.up = false;
  relay.since = time.now();
  for (auto* stream : std::vector<RelayStream*>(relay.streams)) {
    if (says_goodbye) {
      stream->session().leave();
      stream->session().leave();
    } else {
      stream->end(true);
    }
  }
}

void Relays::start(std::size_t at) {
  auto& relay = all[at];
  relay.up = true;
  relay.hangs = false;
  relay.since = time.now();
  relay.told.clear();
  relay.streams.clear();  // of an earlier process
  ask("/relay/started", {{"relay", relay.name}, {"ipv4", relay.address}, {"ipv6", nullptr}});
}

void Relays::hang(std::size_t at) {
  all[at].hangs = true;
  for (auto* stream : all[at].streams) stream->hang();
}

int Relays::visit(const std::string& device, const std::string& host) {
  int opened = 0;
  for (auto& relay : all)
    for (auto* stream : relay.streams)
      if (stream->device() == device && stream->standing())
        if (auto visitor = stream->session().open(host + ":443", "for=\"5.6.7.99:1000\"")) {
          ++opened;
          stream->session().reset(*visitor);
        }
  return opened;
}

}  // namespace sim
