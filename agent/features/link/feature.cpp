#include "agent/features/link/feature.hpp"

#include "agent/core/bucket.hpp"
#include "agent/core/ip.hpp"
#include "agent/core/nursery.hpp"
#include "agent/core/race.hpp"
#include "agent/features/link/h2/live.hpp"
#include "agent/features/link/way/way.hpp"

// Two slots, each a loop: dial, serve until the connection ends, wait as the policy says, dial again. A slot
// avoids the relay of the other. A relay that is about to stop says GOAWAY: its slot dials the replacement at
// once, while the old connection drains beside it. One attachment watches the path with frequent probes; when
// it is lost, another takes over at once.
namespace qcloud::link {
namespace {

constexpr int slots = 2;
constexpr Millis figures_age = seconds(10);
constexpr Millis a_moment = seconds(1);      // of a dial that goes well
constexpr Millis told_within = seconds(15);  // a new attachment, which relay it is at
constexpr Millis last_visits = seconds(60);  // after a goodbye; relays give them half of it

class Link {
 public:
  Link(boost::asio::any_io_executor executor, Deps deps, Lanes<manifest> lanes)
      : executor_(executor),
        deps_(std::move(deps)),
        lanes_(lanes),
        board_({executor, deps_.clock, deps_.dial, budget_,
                [this] {
                  return std::any_of(live_.begin(), live_.end(),
                                     [](const LivePtr& live) { return live->session->full(); });
                },
                [this]() -> const Services& { return deps_.services.get(); }, [this] { return fqdn(); },
                deps_.tls_end, deps_.record}),
        dialed_(executor),
        stirred_(executor),
        loops_(executor),
        sessions_(executor) {}

  ~Link() { deps_.visits_there = nullptr; }
  Task<void> run() {
    deps_.visits_there = [this] { return show(), board_.there(); };
    show();
    for (int slot = 0; slot < slots; ++slot) loops_.spawn(keep(slot));
    loops_.spawn(refresh());
    loops_.spawn(heed_owner());
    co_await until_cancelled();
    stopping_ = true;
    // First nobody dials any more, then the connections end, and with them every visit.
    co_await loops_.stop();
    co_await sessions_.stop();
    co_await board_.stop();
    deps_.state.set({});
    deps_.riding.set({});
    deps_.health.report(manifest.name, {});
  }

 private:
  Task<void> keep(int slot) {
    Redial redial;
    Bucket changes(seconds(5), 60);
    Signal moved(executor_);
    auto net = deps_.net.state.wake(moved);
    auto set = deps_.proxy_now.wake(moved);
    for (;;) {
      moved.clear();
      NetState here = deps_.net.state.get();
      const auto proxy = deps_.proxy();
      auto same = [&] { return here == deps_.net.state.get() && proxy == deps_.proxy(); };
      show();
      if (!here.way_out(!proxy.empty())) {
        co_await moved.wait();
        redial.forgive();
        continue;
      }
      // Nothing: what it stood on has changed.
      auto wait = co_await once(slot, &redial, &moved, &here);
      show();
      auto until = deps_.clock.now() + wait.value_or(Millis(0));
      while (wait && deps_.clock.now() < until && same()) co_await moved.wait_until(deps_.clock, until);
      if (wait && same()) continue;
      redial.forgive();
      co_await deps_.clock.sleep_until(changes.ready());
      changes.take(deps_.clock.now());
    }
  }

  // One connection, from dial to its end; how long to wait before the next.
  Task<std::optional<Millis>> once(int slot, Redial* redial, Signal* moved, NetState* here) {
    auto live = std::make_shared<Live>(executor_, slot);
    auto dialed = co_await unless(dial(live, redial->failures()), *moved);
    if (!dialed) {
      if (live->stream) live->stream->abort();
      co_return std::nullopt;
    }
    if (!*dialed) co_return redial->after(Ending::never_began, Millis(0), deps_.rng);
    while (!live->over) {
      auto look = next_look(*live);
      auto turned = co_await unless(Live::turn(live, deps_.clock, look), *moved);
      if (turned && *turned) continue;
      if (turned) {
        look = next_look(*live);  // the other may have ended meanwhile, or a visitor have come
        if (!look || *look > deps_.clock.now()) continue;
        auto other = std::make_shared<Live>(executor_, slot);
        Trial trial(other);
        auto found = co_await unless(before(attach_elsewhere(other, live), Live::end_of(live)), *moved);
        apart_.looked(deps_.clock.now());
        if (found && *found && **found && next_look(*live)) {
          other->trial = false;
          live->session->drain();
          leave(live.get());
          live = other;
          for (const auto& each : live_) each->turned.notify();
        }
        if (found) continue;
      }
      // An address change makes the connection worthless before the kernel can tell.
      auto local = parse_ip(std::string(live->stream->local()));
      if (!local || !holds(*here, deps_.net.state.get(), *local)) {
        live->stream->abort();
        co_return std::nullopt;
      }
      *here = deps_.net.state.get();
    }
    co_return redial->after(live->ending, deps_.clock.now() - live->told.since, deps_.rng);
  }

  // True: `other` stands, and was told that it is at another relay than `live`, to which no visitor came
  // meanwhile.
  Task<bool> attach_elsewhere(LivePtr other, LivePtr live) {
    bool dialed = co_await dial(other, 0);
    auto until = deps_.clock.now() + told_within;
    while (dialed && !other->over && other->told.relay.empty() && deps_.clock.now() < until)
      co_await other->turned.wait_until(deps_.clock, until);
    bool apart = !other->told.relay.empty() && other->told.relay != live->told.relay;
    co_return apart && !other->over && live->session->visits() == 0;
  }

  // True: it is attached, and served until its end.
  Task<bool> dial(LivePtr live, int failures) {
    // One dial at a time, so that each knows where the other is attached. But a relay that takes connections
    // and is mute must not keep both: where one waits the other does not go, whatever it met elsewhere.
    auto& other_dial = dials_[1 - live->slot];
    while (other_dial && deps_.clock.now() < other_dial->began + a_moment)
      co_await dialed_.wait_until(deps_.clock, other_dial->began + a_moment);
    StreamOptions options;
    for (const auto& profile : profiles) options.alpn.emplace_back(profile.alpn);
    for (const auto& other : live_)
      if (other->slot != live->slot && !other->leaving)
        options.avoid.push_back(other->told.remote), nodes_.list(other->told.relay, &options.avoid);
    if (options.avoid.empty()) nodes_.list_mute(deps_.clock.now(), &options.avoid);
    if (other_dial && !other_dial->trace->remote.empty()) options.busy.push_back(other_dial->trace->remote);
    live->idle = options.idle = liveness().idle(Liveness::Role::watch);
    options.others_only = live->trial;
    options.known = known_;
    options.patience = seconds(15);
    auto trace = options.trace = std::make_shared<Trace>();
    // Every other try with small segments: on some paths larger ones vanish without a word.
    options.cautious = failures % 2 == 1;
    UnderWay under_way(dials_[live->slot], dialed_, {trace, deps_.clock.now()});
    auto attach = Compose<manifest, "attach">().done();
    auto stream = co_await lanes_.stream.open(std::move(attach), std::move(options));
    std::optional<Error> unsaid;
    auto& trouble = live->trial ? unsaid : trouble_;
    if (!stream) {
      trouble = stream.error();
      nodes_.mute(trace->tried, deps_.clock.now());
      co_return false;
    }
    live->stream = *std::move(stream);
    const Profile* profile = find_profile(live->stream->alpn());
    if (!profile) {
      trouble = Error{"net.no_protocol", Retry::retry_later, "The relay speaks none of our protocols.", ""};
      co_return false;
    }
    trouble.reset();
    nodes_.speaks(std::string(live->stream->remote()));
    auto now = live->quiet = deps_.clock.now();
    live->told = {"", std::string(live->stream->remote()), now, Millis(-1), 0};
    if (auto remote = parse_ip(live->told.remote)) live->v6 = remote->v6;
    if (trace->proxy.empty()) known_ = live->addresses = trace->addresses;
    Limits limits;
    limits.streams = std::min(limits.streams, static_cast<std::uint32_t>(deps_.dial.most() / slots));
    // A web proxy's kernel answers the probes, whatever became of the way behind it.
    if (!trace->proxy.empty()) limits.silence = seconds(60), limits.answer = seconds(10);
    live->session = std::make_unique<Session>(executor_, deps_.clock, *live->stream, *profile, limits,
                                              budget_, events(live.get()));
    live_.push_back(live);
    sessions_.spawn(serve(live));
    show();
    co_return true;
  }

  Task<void> serve(LivePtr live) {
    struct Remove {
      Link& link;
      LivePtr live;
      ~Remove() {
        std::erase(link.live_, live);
        if (link.watcher_.lock() == live) ++link.word_;
        live->over = true;
        live->turned.notify();
        link.show();
      }
    } remove{*this, live};
    auto end = co_await live->session->run();
    live->ending = ending_of(end);
    auto now = deps_.clock.now();
    if (auto why = complaint(*live, end, now); why && !live->trial) trouble_ = std::move(why);
    if (end == SessionEnd::lost) liveness().lost(role(*live), now - live->quiet);
  }

  SessionEvents events(Live* live) {
    return {[this, live](std::shared_ptr<Visit> visit) {
              live->quiet = deps_.clock.now();
              if (live->trial) return visit->refuse();  // the relay tries another
              if (live->leaving) make_way(*live);
              board_.take(std::move(visit));
              stirred_.notify();
            },
            [this, live](const std::string& method, const std::string& path, const std::string& body) {
              bool news = path == "/v1/news";
              if (!news && path != "/v1/attachment") return 404;
              if (method != "PUT") return 405;
              live->quiet = deps_.clock.now();
              bool tells = watcher_.lock().get() == live || !deps_.riding.get().on;
              if (!news) {
                auto told = read_attachment(body);
                if (!told) return 400;
                live->told.relay = told->relay;
                live->news = told->news;
                live->seen = told->seen;
                tells = tells || (!live->trial && told->seen != deps_.riding.get().seen);
                nodes_.learn(live->told.remote, told->relay);
              }
              // Both relays have the same news: it is heard once.
              if (tells) ++word_;
              show();
              for (const auto& each : live_) each->turned.notify();
              return 204;
            },
            [this, live] { leave(live); }, [this] { board_.make_room(); }};
  }

  void leave(Live* live) {
    live->leaving = live->over = true;
    live->ending = Ending::clean;
    live->turned.notify();
    if (!live->trial) see_off(*live);
    show();
  }

  // When this one should look for another relay: both are at one. Not while it carries visits, which would
  // have to end; and the one that watches the path only while the other does. Behind a web proxy nobody knows
  // where the name leads.
  std::optional<Instant> next_look(const Live& live) {
    auto other = std::find_if(live_.begin(), live_.end(), [&](const LivePtr& each) {
      return each->slot != live.slot && !each->leaving && !each->trial && !each->told.relay.empty();
    });
    bool proxied = live.addresses.empty() || !deps_.proxy().empty();
    if (other == live_.end()) apart_.over(deps_.clock.now());
    if (other == live_.end() || live.told.relay.empty() || proxied) return std::nullopt;
    if ((*other)->told.relay != live.told.relay) {
      apart_.reached(deps_.clock.now());
      return std::nullopt;
    }
    auto now = deps_.clock.now();
    auto look = apart_.next_look(now, nodes_.lead_elsewhere(live.addresses, live.told.relay));
    bool watches = watcher_.lock().get() == &live;
    bool free = live.session->visits() == 0 && (!watches || (*other)->session->visits() != 0);
    return free ? look : std::max(look, now + minutes(1));
  }

  // The last visits of a relay that says goodbye have their time; but one such connection is enough for a
  // slot, or they would hold all the memory.
  void make_way(const Live& leaving) {
    for (const auto& other : live_)
      if (other->slot == leaving.slot && other->leaving && other.get() != &leaving &&
          leaving.session->visits() != 0)
        other->stream->abort();
  }

  void see_off(Live& leaving) {
    make_way(leaving);
    sessions_.spawn([](Clock& clock, std::weak_ptr<Live> live) -> Task<void> {
      co_await clock.sleep_for(last_visits);
      if (auto left = live.lock()) left->stream->abort();
    }(deps_.clock, leaving.weak_from_this()));
  }

  Liveness& liveness() { return liveness_.in(deps_.net.state.get()); }
  Liveness::Role role(const Live& live) const {
    return watcher_.lock().get() == &live ? Liveness::Role::watch : Liveness::Role::spare;
  }

  // IPv4 is the family that hides silent changes, so it is the one to watch; and with the watcher the news
  // ride.
  void appoint() {
    auto worth = [](const Live& live) {
      return live.leaving || live.trial ? -1 : (live.v6 ? 0 : 2) + (live.news ? 1 : 0);
    };
    auto best = watcher_.lock();
    if (best && std::find(live_.begin(), live_.end(), best) == live_.end()) best.reset();
    for (const auto& live : live_)
      if (!best || worth(*live) > worth(*best)) best = live;
    watcher_ = best;
    for (const auto& live : live_) {
      live->told.visits = live->session->visits();
      live->told.round_trip = live->session->round_trip();
      if (live->told.visits != 0) live->quiet = deps_.clock.now();
      // Whoever carries visits must not keep them waiting on a dead path.
      bool close = live == best || live->told.visits != 0;
      auto idle = liveness().idle(close ? Liveness::Role::watch : Liveness::Role::spare);
      liveness().alive(role(*live), deps_.clock.now() - live->quiet);
      if (idle == live->idle) continue;
      live->idle = idle;
      live->stream->probe_after(idle);
      unsettled_ = true;
      stirred_.notify();
    }
  }

  // Figures change without a word of anybody: they are looked at while there are visits, and once after a
  // change.
  Task<void> refresh() {
    for (;;) {
      co_await stirred_.wait();
      for (bool busy = true; busy;) {
        co_await deps_.clock.sleep_for(seconds(1));
        show();
        busy = std::exchange(unsettled_, false) ||
               std::any_of(live_.begin(), live_.end(),
                           [](const LivePtr& live) { return live->told.visits != 0; });
        if (busy) co_await stirred_.wait_until(deps_.clock, deps_.clock.now() + figures_age);
        // How long a path may be mute depends on how long it has been: by now it has answered.
        for (const auto& live : live_) live->stream->probe_after(live->idle);
      }
    }
  }

  // What the owner publishes, and under which name, counts at once.
  Task<void> heed_owner() {
    Signal changed(executor_);
    auto services = deps_.services.wake(changed);
    auto name = deps_.identity.registration.wake(changed);
    for (;;) {
      co_await changed.wait();
      board_.review();
      show();
    }
  }

  std::string fqdn() const {
    const auto& registration = deps_.identity.registration.get();
    return registration ? registration->fqdn : std::string();
  }

  void show() {
    appoint();
    auto watcher = watcher_.lock();
    bool watched = watcher && !watcher->leaving && (!watcher->v6 || !deps_.net.state.get().route4);
    bool rides = watched && watcher->news;
    deps_.riding.set(rides ? Riding{true, watcher->seen, word_} : Riding{});
    State state{{}, watcher ? watcher->seen : ""};
    for (const auto& live : live_)
      if (!live->leaving && !live->trial) state.attached.push_back(live->told);
    bool way_out = deps_.net.state.get().way_out(!deps_.proxy().empty());
    Situation now{!state.attached.empty(), way_out, !fqdn().empty(), !deps_.services.get().empty(), trouble_};
    if (!stopping_) deps_.health.report(manifest.name, findings(now));
    deps_.state.set(std::move(state));
  }

  boost::asio::any_io_executor executor_;
  Deps deps_;
  Lanes<manifest> lanes_;
  Budget budget_;
  Switchboard board_;
  std::vector<LivePtr> live_;
  std::weak_ptr<Live> watcher_;
  Networks liveness_;
  std::optional<Error> trouble_;  // the newest
  std::uint64_t word_ = 0;
  bool unsettled_ = false, stopping_ = false;
  std::optional<Dial> dials_[slots];
  Nodes nodes_;
  std::vector<std::string> known_;  // where the relay's name led to last
  Apart apart_;
  Signal dialed_, stirred_;
  Nursery loops_, sessions_;
};

}  // namespace

Task<void> run(Deps deps, Lanes<manifest> lanes) {
  Link link(co_await boost::asio::this_coro::executor, std::move(deps), lanes);
  co_await link.run();
}

}  // namespace qcloud::link
