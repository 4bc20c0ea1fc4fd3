// Visitors: from the ClientHello to the last byte.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <utility>

#include "tests/cloud/relay/adapter/relay.hpp"
#include "tests/cloud/relay/hello.hpp"

namespace refrelay {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

namespace {

constexpr seconds for_hello{5}, for_answer{30};
constexpr seconds silence{3};    // of a box while a visit waits for it: then it is asked whether it is there
constexpr seconds for_room{15};  // a visitor waits for a box that has none
constexpr milliseconds again{500};                                         // and asks so often
constexpr unsigned char unexpected_message = 10, unrecognized_name = 112;  // RFC 8446 6, RFC 6066 3
// Read from a visitor at a time: twice what came last, and much only if the box has taken all that came
// before. `little` is what the allocator has at hand.
constexpr std::size_t little = 1000, chunk = 32 * 1024, large_chunk = 128 * 1024;

std::string forwarded(const Wire& wire) {
  auto address = wire.peer().to_string();
  return "for=\"" + (wire.peer().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(wire.peer_port()) + "\"";  // RFC 7239
}

}  // namespace

struct Relay::Visit {
  explicit Visit(WirePtr w) : wire(std::move(w)), news(wire->executor()), room(wire->executor()) {}
  ~Visit() { hang_up(); }
  void hang_up() {
    if (!stream) return;
    stream->on_news = stream->on_room = nullptr;
    stream->on_bytes = nullptr;
  }
  WirePtr wire;
  HelloReader hello;
  std::string device;
  SessionPtr session;
  StreamPtr stream;
  Bell news, room;
  Instant began = Steady::now();
  bool torn = false;  // by the visitor
  void tear() {
    if (stream->over) return;  // it was not he
    torn = true;
    session->reset(*stream);
  }
};

Task<void> Relay::visit(WirePtr wire, Connections::Place) {
  struct Counted {
    std::map<WirePtr, Called>& all;
    const WirePtr& one;
    ~Counted() { all.erase(one); }
  } counted{visits_, wire};
  visits_[wire];
  wire->keep_alive();
  Visit visit(wire);
  const char* outcome = co_await serve(visit);
  log(visit, outcome);
  if (visit.torn) haste_.left(Connections::network(wire->peer()), Steady::now());
  // A service that is there and resets at once is seen to.
  wire->abort(visit.stream && visit.stream->over && visit.stream->status == 0);
}

// What became of it, for the log.
Task<const char*> Relay::serve(Visit& visit) {
  co_await first_of(read_hello(visit), sleep_for(for_hello));
  auto state = visit.hello.state();
  if (state == HelloReader::State::incomplete || state == HelloReader::State::garbage) {
    if (!visit.hello.bytes().empty()) co_await turn_away(visit, unexpected_message);
    co_return "no TLS";
  }
  auto id = co_await box_of(visit.hello.name());
  visits_[visit.wire] = {visit.hello.name(), id};
  const auto until = Steady::now() + for_room;
  for (bool waited = false;; waited = true) {
    // Who waits comes in by what is true when he does.
    if (waited && !id.starts_with("setup:") && names_.box_of(visit.hello.name()) != id) {
      id = co_await box_of(visit.hello.name());
      visits_[visit.wire] = {visit.hello.name(), id};
    }
    if (haste_.waits(Connections::network(visit.wire->peer()), Steady::now())) {
      if (Steady::now() >= until) co_return "in haste";
      co_await sleep_for(again);
      continue;
    }
    auto asked = co_await ask_each(visit, id);
    if (!asked) break;
    if (!*asked) {
      if (Steady::now() >= until) co_return "the box has no room";
      co_await sleep_for(again);
      continue;
    }
    if (visit.stream->status != 200) co_return visit.stream->status ? "refused by the box" : "not answered";
    // A box that cuts him off does not wait until he has read the rest.
    visit.stream->on_news = [&visit] {
      visit.news.ring();
      if (visit.stream->over && !visit.stream->box_done) visit.wire->abort(true);
    };
    visit.wire->cut_when_closed(true);
    co_await both(up(visit), down(visit));
    co_return "carried";
  }
  co_await turn_away(visit, unrecognized_name);
  co_return "no box for this name";
}

Task<void> Relay::read_hello(Visit& visit) {
  while (visit.hello.state() == HelloReader::State::incomplete) {
    auto got = co_await visit.wire->read({buffer_.data(), visit.hello.room()});
    if (got <= 0) co_return;
    visit.hello.add({buffer_.data(), static_cast<std::size_t>(got)});
  }
}

// Empty: nobody's name.
Task<std::string> Relay::box_of(std::string host) {
  if (host.empty()) co_return "";
  const auto& suffix = options_.setup_suffix;
  if (!suffix.empty() && host.ends_with("." + suffix))
    co_return "setup:" + host.substr(0, host.size() - suffix.size() - 1);
  auto device = co_await asked_for(host);
  co_return device ? *device : names_.box_of(host);
}

Task<std::optional<std::string>> Relay::asked_for(std::string host) {
  for (int i = 0; i < 3; ++i) {
    auto asked = Steady::now();
    auto device = co_await cloud_.device_of(host);
    if (!device || names_.learn(host, *device, asked)) co_return device;
  }
  co_return std::nullopt;
}

// Whether one of the box's attachments has looked at it; nothing: there is none.
Task<std::optional<bool>> Relay::ask_each(Visit& visit, std::string id) {
  SessionPtr tried;
  for (int i = 0; i < 2; ++i) {
    auto session = slots_.best(id, tried.get());
    if (!session) break;
    tried = session;
    visit.device = id;
    bool looked_at = co_await ask(visit, session);
    if (looked_at) co_return true;
  }
  co_return tried ? std::optional(false) : std::nullopt;
}

// False: this attachment did not look at it, so that another may.
Task<bool> Relay::ask(Visit& visit, SessionPtr session) {
  visit.hang_up();
  visit.session = session;
  visit.stream = session->open(visit.hello.name() + ":443", forwarded(*visit.wire));
  if (!visit.stream) co_return false;
  auto& stream = *visit.stream;
  stream.on_news = [&visit] { visit.news.ring(); };
  stream.on_room = [&visit] { visit.room.ring(); };
  stream.on_bytes = [&visit](auto bytes) { return visit.wire->put(bytes); };
  session->send(stream, visit.hello.bytes());
  const auto until = Steady::now() + for_answer;
  while (stream.status == 0 && !stream.over && Steady::now() < until) {
    if (Steady::now() - session->heard() > silence) launch(visit.wire->executor(), doubt(session));
    co_await visit.news.wait(silence);
  }
  if (stream.untouched) co_return false;
  visit.hello.bytes() = {};  // sent, and never again
  if (stream.status != 200) session->reset(stream);
  co_return true;
}

Task<void> Relay::up(Visit& visit) {
  auto& stream = *visit.stream;
  std::size_t wish = little;
  for (;;) {
    while (stream.full() && !stream.over) co_await visit.room.wait();
    if (stream.over) co_return;
    std::optional<long> got;
    if (visit.wire->emptied()) {
      auto [failed] = co_await visit.wire->readable();
      if (failed) got = -1;
    } else {
      auto place = visit.session->place(stream, std::min(wish, stream.waiting() ? chunk : large_chunk));
      got = visit.wire->take(place);
      auto count = static_cast<std::size_t>(std::max(got.value_or(0), 0L));
      visit.session->placed(stream, count);
      if (count > 0) wish = std::clamp(2 * count, little, large_chunk);
    }
    if (got == -1) co_return visit.tear();
    if (got == 0) {
      visit.session->finish(stream);
      // He may still be gone before he has heard all.
      bool lost = co_await visit.wire->lost();
      if (lost) visit.tear();
      co_return;
    }
  }
}

Task<void> Relay::down(Visit& visit) {
  auto& stream = *visit.stream;
  bool finished = false;
  for (;;) {
    bool news = !stream.from_box.empty() || stream.over || (stream.box_done && !finished);
    if (!news) {
      co_await visit.news.wait();
    } else if (!stream.from_box.empty()) {
      std::string bytes = std::exchange(stream.from_box, {});
      bool written = co_await visit.wire->write(bytes);
      if (!written) {
        visit.tear();
        co_return visit.wire->abort();
      }
      visit.session->passed_on(stream, bytes.size());
    } else if (stream.box_done && !finished) {
      visit.wire->finish();
      finished = true;
    } else {
      // Over. Whoever was cut off in the middle sees it as such.
      co_return visit.wire->abort(!finished);
    }
  }
}

// A TLS alert (RFC 8446 6), and time to read it: a socket that is closed with unread bytes takes it back.
Task<void> Relay::turn_away(Visit& visit, unsigned char alert) {
  const char record[] = {21, 3, 1, 0, 2, 2, static_cast<char>(alert)};
  auto goodbye = [](Relay& relay, WirePtr wire, std::string words) -> Task<void> {
    bool written = co_await wire->write(words);
    wire->finish();
    for (int i = 0; i < 16 && written; ++i) {
      auto got = co_await wire->read(relay.buffer_);
      written = got > 0;
    }
  };
  co_await first_of(goodbye(*this, visit.wire, std::string(record, sizeof record)), sleep_for(seconds(1)));
}

void Relay::log(const Visit& visit, const char* outcome) const {
  json::object line{
      {"relay", options_.name},
      {"visitor", visit.wire->peer().to_string()},
      {"name", visit.hello.name()},
      {"device", visit.device},
      {"milliseconds", std::chrono::duration_cast<milliseconds>(Steady::now() - visit.began).count()},
      {"bytes_to_box", visit.stream ? visit.stream->bytes_to_box : 0},
      {"bytes_from_box", visit.stream ? visit.stream->bytes_from_box : 0},
      {"outcome", outcome}};
  std::printf("%s\n", json::serialize(line).c_str());
  std::fflush(stdout);
}

}  // namespace refrelay
