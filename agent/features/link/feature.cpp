#include "agent/features/link/feature.hpp"

#include "agent/core/nursery.hpp"
#include "agent/core/race.hpp"
#include "agent/core/turnstile.hpp"
#include "agent/features/link/h2/session.hpp"

// Two slots, each a loop: dial, serve until the connection ends, wait as the policy says, dial again. The second
// slot prefers another relay than the first. A relay that is about to stop says GOAWAY: its slot dials the
// replacement at once, while the old connection drains beside it.
namespace qcloud::link {
namespace {

constexpr int slots = 2;

Message<manifest> attach() { return Compose<manifest, "attach">().done(); }

class Link {
 public:
  Link(boost::asio::any_io_executor executor, Deps deps, Lanes<manifest> lanes)
      : executor_(executor),
        deps_(std::move(deps)),
        lanes_(std::move(lanes)),
        board_({executor, deps_.clock, deps_.dial, [this]() -> const Services& { return deps_.services.get(); },
                [this] {
                  const auto& registration = deps_.identity.registration.get();
                  return registration ? registration->fqdn : std::string();
                },
                deps_.tls_end, deps_.record}),
        dialing_(executor),
        loops_(executor),
        sessions_(executor) {}

  Task<void> run() {
    for (int slot = 0; slot < slots; ++slot) loops_.spawn(keep(slot));
    co_await until_cancelled();
    // First nobody dials any more, then the connections end, and with them every visit.
    co_await loops_.stop();
    co_await sessions_.stop();
    co_await board_.stop();
    deps_.state.set({});
    deps_.health.report(manifest.name, {});
  }

 private:
  struct Live {  // one attachment
    explicit Live(boost::asio::any_io_executor executor) : over(executor) {}
    std::unique_ptr<ByteStream> stream;
    std::unique_ptr<Session> session;
    Attached told;
    Instant began;
    Ending ending = Ending::lost;
    bool leaving = false;
    Signal over;  // it ended, or it will soon
  };

  Task<void> keep(int slot) {
    Redial redial;
    Signal moved(executor_);
    auto net = deps_.net.state.wake(moved);
    NetState known = deps_.net.state.get();
    for (;;) {
      if (!known.route4 && !known.route6) {
        co_await moved.wait();
        known = deps_.net.state.get();
        redial.forgive();
        continue;
      }
      moved.clear();
      auto wait = co_await once(slot, &redial, &moved, &known);
      tell();
      bool change = co_await moved.wait_until(deps_.clock, deps_.clock.now() + wait);
      if (change && !(known == deps_.net.state.get())) {
        known = deps_.net.state.get();
        redial.forgive();
      }
    }
  }

  // One connection, from dial to its end; how long to wait before the next.
  Task<Millis> once(int slot, Redial* redial, Signal* moved, NetState* known) {
    StreamOptions options;
    for (const auto& profile : profiles) options.alpn.emplace_back(profile.alpn);
    // One dial at a time: each knows where the other is attached.
    auto turn = co_await dialing_.enter();
    for (const auto& live : live_) options.avoid.push_back(live->told.remote);
    options.idle = slot == 0 ? seconds(25) : seconds(240);
    // Every other try with small segments: on some paths larger ones vanish without a word.
    options.cautious = redial->failures() % 2 == 1;
    auto stream = co_await lanes_.stream.open(attach(), std::move(options));
    if (!stream) {
      trouble_[slot] = stream.error();
      co_return redial->after(Ending::never_began, Millis(0), deps_.rng);
    }
    trouble_[slot].reset();
    auto live = std::make_shared<Live>(executor_);
    live->stream = *std::move(stream);
    const Profile* profile = find_profile(live->stream->alpn());
    if (!profile) co_return redial->after(Ending::never_began, Millis(0), deps_.rng);
    live->began = deps_.clock.now();
    live->told = {"", std::string(live->stream->remote()), live->began, Millis(-1), 0};
    live->session = std::make_unique<Session>(executor_, deps_.clock, *live->stream, *profile, Limits{}, budget_,
                                              events(live.get()));
    live_.push_back(live);
    turn.leave();
    sessions_.spawn(serve(live));
    tell();
    // An address change makes the connection worthless before the kernel can tell.
    for (;;) {
      auto ended = co_await unless(waited(live), *moved);
      if (ended) break;
      if (deps_.net.state.get() == *known) continue;
      *known = deps_.net.state.get();
      live->stream->abort();
      co_return Millis(0);
    }
    if (live->leaving) co_return deps_.rng.between(Millis(0), seconds(1));
    co_return redial->after(live->ending, deps_.clock.now() - live->began, deps_.rng);
  }

  static Task<bool> waited(std::shared_ptr<Live> live) {
    co_await live->over.wait();
    co_return true;
  }

  Task<void> serve(std::shared_ptr<Live> live) {
    struct Remove {
      Link& link;
      std::shared_ptr<Live> live;
      ~Remove() {
        std::erase(link.live_, live);
        live->over.notify();
      }
    } remove{*this, live};
    switch (co_await live->session->run()) {
      case SessionEnd::clean:
        live->ending = Ending::clean;
        break;
      case SessionEnd::lost:
        live->ending = Ending::lost;
        break;
      case SessionEnd::broken:
        live->ending = Ending::broken;
        break;
    }
  }

  SessionEvents events(Live* live) {
    return {[this](std::shared_ptr<Visit> visit) { board_.take(std::move(visit)); },
            [this, live](const std::string& method, const std::string& path, const std::string& body) {
              if (path != "/v1/attachment") return 404;
              if (method != "PUT") return 405;
              auto told = read_attachment(body);
              if (!told) return 400;
              live->told.relay = told->relay;
              seen_ = told->seen;
              tell();
              return 204;
            },
            [live] {
              live->leaving = true;
              live->over.notify();
            }};
  }

  void tell() {
    State state{{}, seen_};
    for (const auto& live : live_)
      if (!live->leaving) state.attached.push_back(live->told);
    std::vector<Finding> findings;
    if (state.attached.empty()) {
      for (const auto& trouble : trouble_)
        if (trouble) {
          findings.push_back({"link_no_relay", {{"reason", trouble->detail}}});
          break;
        }
    }
    if (deps_.services.get().empty()) findings.push_back({"link_no_service", {}});
    deps_.health.report(manifest.name, std::move(findings));
    deps_.state.set(std::move(state));
  }

  boost::asio::any_io_executor executor_;
  Deps deps_;
  Lanes<manifest> lanes_;
  Budget budget_;
  Switchboard board_;
  std::vector<std::shared_ptr<Live>> live_;
  std::optional<Error> trouble_[slots];
  std::string seen_;
  Turnstile dialing_;
  Nursery loops_, sessions_;
};

}  // namespace

Task<void> run(Deps deps, Lanes<manifest> lanes) {
  auto executor = co_await boost::asio::this_coro::executor;
  Link link(executor, std::move(deps), std::move(lanes));
  co_await link.run();
}

}  // namespace qcloud::link
