#include "agent/features/ddns/feature.hpp"

#include "agent/core/backoff.hpp"
#include "agent/core/bucket.hpp"
#include "agent/core/race.hpp"
#include "agent/features/ddns/policy.hpp"
#include "agent/features/ddns/wire.hpp"

// One loop. Each turn looks at what is known and does the first thing that is missing:
//   no route             wait for one
//   nothing known        look: from where does the cloud see us, what does it have of us
//   IPv4 not looked at   the path over IPv4 broke, IPv6 leads to the cloud: ask over IPv4 what it sees
//   one source only      look again on a new connection
//   the picture differs  report
//   all true             hang on `watch` until the cloud, the kernel or the path has news;
//                        in economy mode: rest for a quarter of an hour, then look again;
//                        with the link on: look again when it has a word, or after some hours
// Anything that changes underneath (addresses, routes, the name) interrupts the turn.
namespace qcloud::ddns {
namespace {

struct State {
  NetState net;
  std::optional<Address> seen_value;
  std::optional<Seen> seen4;
  std::optional<Reported> reported;
  std::optional<Value<DataClass::server_cursor>> cursor;
  std::optional<IpAddress> second_hop;
  std::optional<Address> last_seen;  // of either family: what the next watch gives back
  bool probed = false;
  bool prefer_v6 = false;        // the path over IPv4 broke, or its route leads nowhere
  Instant ask4_at{};             // when to try IPv4 again, while that holds
  bool shaken = false;           // the last second look differed from the first
  int heartbeat = 0;             // seconds, as the cloud asked
  Riding heard;                  // what the last look knew of
  Bucket looks{minutes(1), 20};  // that the link asked for
  Families families;
  std::vector<Address> known;  // lately ours: a family that went a moment ago can still be named
  std::vector<Finding> name_findings;

  void forget_view() {
    last_seen.reset();
    prefer_v6 = false;
    seen_value.reset();
    seen4.reset();
    reported.reset();
    second_hop.reset();
    probed = false;
  }
};

std::vector<Local> locals_of(const NetState& net) {
  std::vector<Local> out;
  out.reserve(net.addresses.size());
  for (const auto& local : net.addresses)
    out.push_back({local.address, local.temporary, local.deprecated, local.routed});
  return out;
}

// The message's form of an address that the policy chose: from the kernel, or as the cloud told it.
std::optional<Address> value_of(const State& state, const std::optional<IpAddress>& address) {
  if (!address) return std::nullopt;
  for (const auto& local : state.net.addresses)
    if (local.address == *address) return local.value;
  if (state.seen4 && state.seen4->address == *address) return state.seen_value;
  for (const auto& value : state.known)
    if (value.json() == boost::json::value(to_string(*address))) return value;
  return std::nullopt;
}

// What is published and may be missed for a while: it must be possible to say it again.
void remember(State& state) {
  std::vector<Address> known;
  if (state.reported)
    for (const auto& address : {state.reported->v4, state.reported->v6})
      if (auto value = value_of(state, address)) known.push_back(*value);
  state.known = std::move(known);
}

Inputs inputs_of(const State& state, const Registration& registration, Instant now) {
  Inputs in;
  in.locals = locals_of(state.net);
  in.seen4 = state.seen4;
  in.reported = state.reported;
  in.has_name = !registration.name.empty();
  in.second_hop = state.second_hop;
  in.route4 = state.net.route4;
  in.tunnel4 = state.net.tunnel4;
  if (state.reported) {
    in.keep4 = state.families.missed4(now) && value_of(state, state.reported->v4);
    in.keep6 = state.families.missed6(now) && value_of(state, state.reported->v6);
  }
  return in;
}

void vote(State& state, const IpAddress& address, const std::optional<Address>& value) {
  if (address.v6) return;
  bool same = state.seen4 && state.seen4->address == address;
  state.shaken = state.seen4 && !same;
  state.seen4 = Seen{address, same ? state.seen4->votes + 1 : 1};
  state.seen_value = value;
}

// What can be this box's.
Result<News> read_news(const Answer& answer, const Identity& identity) {
  auto news = parse_watch(answer);
  if (!news) return news;
  if (auto fits = identity.fits(news->name, news->fqdn); !fits) return std::move(fits).error();
  return news;
}

// Whether it is the cloud's own word, and the path led to it.
bool said_by_cloud(const Error& error) {
  return error.code.starts_with("cloud.") && error.code != "cloud.bad_answer";
}

Status absorb(State& state, Identity& identity, const News& news) {
  state.cursor = news.cursor;
  state.reported = news.reported;
  state.last_seen = news.seen_value;
  state.heartbeat = news.heartbeat_seconds;
  if (!news.seen->v6 && !(state.seen4 && state.seen4->address == *news.seen))
    vote(state, *news.seen, news.seen_value);
  const auto& registration = identity.registration.get();
  if (!registration || (registration->name == news.name && registration->fqdn == news.fqdn)) return {};
  auto before = registration->fqdn;
  state.name_findings.clear();
  if (news.fqdn.empty()) return identity.lose_name();
  if (!before.empty()) state.name_findings.push_back({"name_changed", {{"from", before}, {"to", news.fqdn}}});
  return identity.describe("", news.name, news.fqdn, "");
}

SendOptions over(const State& state, Millis patience) {
  // Where there is IPv4 it is the family that hides silent changes, so it is the one to watch.
  SendOptions options;
  options.family = state.net.route4 && !state.prefer_v6 ? Family::ipv4 : Family::ipv6;
  options.patience = patience;
  return options;
}

// One step towards the truth; an error means: wait, then go on.
class Turn {
 public:
  // `wake`: everything may be different. `word`: the link has a word, which ends a wait but no question.
  Turn(Deps& deps, const Lanes<manifest>& lanes, State& state, Signal& wake, Signal& word)
      : deps_(deps), lanes_(lanes), state_(state), wake_(wake), word_(word) {}

  // Nothing when interrupted: look at the facts again.
  Task<std::optional<Status>> step() {
    const auto& registration = deps_.identity.registration.get();
    if (!registration)
      co_return Status(Error{"identity.none", Retry::wait_for_owner, "This box is not registered.", ""});
    if (!state_.reported || !state_.last_seen) co_return co_await news(look(), seconds(60));
    if (state_.prefer_v6 && state_.net.route4 && deps_.clock.now() >= state_.ask4_at)
      co_return co_await ask_over_v4();
    auto decision = decide(inputs_of(state_, *registration, deps_.clock.now()));
    if (state_.shaken && decision.second_look && state_.seen4)
      decision.findings.push_back({"ddns_unstable", {{"seen", to_string(state_.seen4->address)}}});
    tell(decision);
    if (decision.second_look) co_return co_await second_look();
    if (decision.report) co_return co_await report(decision);
    if (decision.wanted.v4 && behind_router(locals_of(state_.net)) && !state_.probed && !deps_.proxied())
      co_return co_await probe();
    remember(state_);
    if (deps_.economy.get()) co_return co_await rest_a_while();
    if (deps_.riding.get().on) co_return co_await ride();
    co_return co_await hang();
  }

 private:
  void tell(const Decision& decision) {
    auto findings = decision.findings;
    const auto& registration = deps_.identity.registration.get();
    if (registration && !registration->lost.empty())
      findings.push_back({"name_lost", {{"name", registration->lost}}});
    findings.insert(findings.end(), state_.name_findings.begin(), state_.name_findings.end());
    deps_.health.report(manifest.name, std::move(findings));
  }

  // The IPv4 address may have changed with the path that broke; only IPv4 can tell. A failure is no news:
  // IPv6 leads to the cloud, and IPv4 is tried again after a while.
  Task<std::optional<Status>> ask_over_v4() {
    SendOptions options;
    options.family = Family::ipv4;
    options.trace = std::make_shared<Trace>();  // a try: its failure is no trouble with the cloud
    auto sight = co_await unless(lanes_.request.ask(whoami(), parse_whoami, options), wake_);
    if (!sight) co_return std::nullopt;
    state_.ask4_at = deps_.clock.now() + minutes(15);
    if (!*sight) co_return Status();
    state_.prefer_v6 = false;
    saw(**sight);
    co_return Status();
  }

  void saw(const Sight& sight) {
    vote(state_, sight.address, sight.value);
    state_.last_seen = sight.value;
  }

  // What is to be looked at again in time: a family that is missed, IPv4 that leads nowhere.
  std::optional<Instant> look_again() const {
    auto at = state_.families.until(deps_.clock.now());
    if (state_.prefer_v6 && state_.net.route4) at = at ? std::min(*at, state_.ask4_at) : state_.ask4_at;
    return at;
  }

  // No connection stands meanwhile. The view is kept: the look says whether it still holds.
  Task<std::optional<Status>> rest_a_while() {
    auto span = rest(state_.heartbeat, static_cast<int>(deps_.rng.below(1000)));
    auto until = deps_.clock.now() + span;
    if (auto again = look_again()) until = std::min(until, *again);
    auto rested = co_await unless(slept(deps_.clock, until), wake_);
    if (!rested) co_return std::nullopt;
    co_return co_await news(look(), seconds(60));
  }

  // Nothing of ours stands open: the link has the cloud's word, and notices when the path breaks. A look
  // follows whatever changed there, and one now and then all the same.
  Task<std::optional<Status>> ride() {
    auto now = deps_.clock.now();
    bool asked = !(deps_.riding.get() == state_.heard);
    auto until = asked ? state_.looks.ready() : now + safety_net(static_cast<int>(deps_.rng.below(1000)));
    if (auto again = look_again()) until = std::min(until, *again);
    if (until > now) {
      auto waited = co_await unless(unless(slept(deps_.clock, until), word_), wake_);
      if (!waited || !*waited) co_return std::nullopt;
    }
    state_.looks.take(deps_.clock.now());
    co_return co_await news(look(), seconds(60));
  }

  static Task<bool> slept(Clock& clock, Instant until) {
    co_await clock.sleep_until(until);
    co_return true;
  }

  // A hang that comes back at once with nothing new is no hang: it is not asked again in a loop. Nor can a
  // relay that gives its word and takes it back.
  Task<std::optional<Status>> hang() {
    if (!(deps_.riding.get() == state_.heard)) {
      if (auto ready = state_.looks.ready(); ready > deps_.clock.now()) {
        auto waited = co_await unless(unless(slept(deps_.clock, ready), word_), wake_);
        if (!waited || !*waited) co_return std::nullopt;
      }
      state_.looks.take(deps_.clock.now());
    }
    auto began = deps_.clock.now();
    auto reported = state_.reported;
    auto seen = state_.last_seen;
    const auto& before = deps_.identity.registration.get();
    auto name = before ? before->fqdn : "";
    auto cursor = state_.cursor;
    auto message = watch(cursor, seen);
    auto patience = hours(6) + minutes(2);
    std::optional<Status> done;
    if (auto again = look_again()) {
      auto heard = co_await within(unless(news(std::move(message), patience), word_), deps_.clock, *again);
      if (!heard || !*heard) co_return std::nullopt;
      done = **heard;
    } else {
      auto heard = co_await unless(news(std::move(message), patience), word_);
      if (!heard) co_return std::nullopt;
      done = *heard;
    }
    const auto& after = deps_.identity.registration.get();
    bool nothing_new = reported == state_.reported && seen == state_.last_seen && cursor == state_.cursor &&
                       (!after || after->fqdn == name);
    if (done && *done && nothing_new && deps_.clock.now() - began < seconds(5)) {
      Error odd{"cloud.bad_answer", Retry::retry_later, "The cloud does not wait when asked to.", ""};
      deps_.session.observe(Result<HttpResponse>(odd), true);  // it was readable, and yet no answer
      co_return Status(std::move(odd));
    }
    co_return done;
  }

  Task<std::optional<Status>> news(Out message, Millis patience) {
    auto heard = deps_.riding.get();  // what comes while the question is under way is news
    auto read = [this](const Answer& answer) { return read_news(answer, deps_.identity); };
    auto options = over(state_, patience);
    auto news = co_await unless(lanes_.request.ask(std::move(message), read, options), wake_);
    if (!news) co_return std::nullopt;
    if (!*news) {
      if (!said_by_cloud(news->error())) lose_the_path();
      co_return Status(std::move(*news).error());
    }
    auto absorbed = absorb(state_, deps_.identity, **news);
    if (!absorbed) co_return absorbed;
    state_.heard = std::move(heard);
    // A second view on a connection of its own.
    if (state_.seen4 && state_.seen4->votes == 1 && to_string(state_.seen4->address) == state_.heard.seen)
      ++state_.seen4->votes;
    co_return absorbed;
  }

  // It may lead through another address now, and the other family may still lead to the cloud.
  void lose_the_path() {
    state_.seen4.reset();
    state_.seen_value.reset();
    state_.last_seen.reset();
    if (state_.net.route4 && state_.net.route6) state_.prefer_v6 = !state_.prefer_v6;
    state_.ask4_at = {};
  }

  Task<std::optional<Status>> second_look() {
    bool was_shaken = state_.shaken;
    auto options = over(state_, seconds(60));
    auto sight = co_await unless(lanes_.request.ask(whoami(), parse_whoami, options), wake_);
    if (!sight) co_return std::nullopt;
    if (!*sight) co_return Status(std::move(*sight).error());
    saw(**sight);
    // Two looks in a row that differ: the address flaps, so let it settle.
    if (state_.shaken && was_shaken)
      co_return Status(
          Error{"ddns.unstable", Retry::retry_soon, "The address that the cloud sees keeps changing.", ""});
    co_return Status();
  }

  Task<std::optional<Status>> report(Decision decision) {
    auto message = ddns::report(value_of(state_, decision.wanted.v4), value_of(state_, decision.wanted.v6));
    auto reported = co_await unless(lanes_.request.ask(std::move(message), parse_report), wake_);
    state_.reported.reset();  // until it is known that this one arrived
    if (!reported) co_return std::nullopt;
    if (!*reported) co_return Status(std::move(*reported).error());
    state_.reported = **reported;
    if (!(**reported == decision.wanted))
      co_return Status(
          Error{"ddns.not_taken", Retry::give_up, "The cloud did not take the reported addresses.", ""});
    co_return Status();
  }

  Task<std::optional<Status>> probe() {
    state_.probed = true;
    ProbeOptions second_router;
    second_router.hop_limit = 2;
    auto answer = co_await unless(lanes_.datagram.send(path_probe(), second_router), wake_);
    if (!answer) {
      state_.probed = false;
      co_return std::nullopt;
    }
    if (*answer && (*answer)->expired_in_transit) state_.second_hop = parse_ip((*answer)->from);
    co_return Status();  // no answer is no news
  }

  Deps& deps_;
  const Lanes<manifest>& lanes_;
  State& state_;
  Signal& wake_;
  Signal& word_;
};

}  // namespace

Task<void> run(Deps deps, Lanes<manifest> lanes) {
  auto executor = co_await boost::asio::this_coro::executor;
  Signal wake(executor), word(executor);
  auto net = deps.net.state.wake(wake);
  auto registration = deps.identity.registration.wake(wake);
  auto economy = deps.economy.wake(wake);
  auto riding = deps.riding.wake(word);
  auto proxy = deps.proxy_now.wake(wake);
  Storm storm;
  Backoff backoff(seconds(1), minutes(5));
  State state;
  for (;;) {
    wake.clear();
    word.clear();
    if (!(deps.net.state.get() == state.net)) {
      if (auto calm = storm.wait(deps.clock.now()); calm > Millis(0)) co_await deps.clock.sleep_for(calm);
      state.net = deps.net.state.get();
      state.families.see(locals_of(state.net), state.net.route4, deps.clock.now());
      state.forget_view();
      backoff.reset();
    }
    if (!state.net.way_out(deps.proxied())) {
      co_await wake.wait();
      continue;
    }
    Turn turn(deps, lanes, state, wake, word);
    auto done = co_await turn.step();
    if (state.reported) deps.reported.set(state.reported);
    if (!done) continue;
    if (*done) {
      backoff.reset();
      continue;
    }
    auto wait = backoff.next(deps.rng, done->error().retry_after);
    if (done->error().retry == Retry::give_up) wait = std::max<Millis>(wait, minutes(1));
    co_await wake.wait_until(deps.clock, deps.clock.now() + wait);
  }
}

}  // namespace qcloud::ddns
