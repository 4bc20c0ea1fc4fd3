#include "agent/features/doctor/feature.hpp"

#include <algorithm>

#include "agent/features/doctor/policy.hpp"
#include "agent/features/doctor/wire.hpp"

// Looks, then judges. Each look has its own patience and all together have 28 s, so that a dead network
// is told of within 30. The later looks depend on the earlier ones: without an answer of the cloud nobody
// asks with the certificate; through a proxy nobody looks for a sign-in page.
namespace qcloud::doctor {
namespace {

constexpr Millis whole = seconds(28);

class Examination {
 public:
  Examination(ExamineDeps& deps, Lanes<manifest>& lanes)
      : deps_(deps), lanes_(lanes), end_(deps.clock.now() + whole) {}

  Task<void> look_around() {
    const auto& net = deps_.net.state.get();
    route4_ = net.route4;
    route6_ = net.route6;
    if (!net.way_out(deps_.proxied)) co_return;
    auto first = route4_ && route6_ ? seconds(9) : seconds(14);
    if (route4_ || !route6_) seen.v4 = co_await attempt(reach(), Family::ipv4, first);
    bool proxied = seen.v4 && !seen.v4->trace.proxy.empty();
    if (route6_ && !proxied) {
      seen.v6 = co_await attempt(reach(), Family::ipv6, route4_ ? seconds(6) : first);
      proxied = !seen.v6->trace.proxy.empty();
    }
    if (!proxied) co_await page();
    bool reached = (seen.v4 && seen.v4->answered()) || (seen.v6 && seen.v6->answered());
    if (reached && deps_.identity.registration.get()) co_await with_certificate(proxied);
    // Through a proxy nothing of the network is asked: it may allow the proxy alone.
    if (!proxied) {
      seen.no_such_name = co_await ask(no_such_name(), Family::any, seconds(2));
      if (!route4_) seen.nat64 = co_await ask(nat64(), Family::ipv6, seconds(2));
      if (behind_something(net)) co_await probe();
    }
    if (lost()) seen.again = co_await attempt(reach(), Family::any, seconds(5));
  }

  Observed seen;

 private:
  // Nothing begins that could not end in time.
  Millis patience(Millis wanted) const {
    return std::max(Millis(0), std::min(wanted, end_ - deps_.clock.now()));
  }

  Task<Try> attempt(Out message, Family family, Millis wanted) {
    Try out;
    auto answer = co_await exchange(std::move(message), family, wanted, &out);
    (void)answer;
    co_return out;
  }

  Task<std::optional<Answer>> exchange(Out message, Family family, Millis wanted, Try* out) {
    SendOptions options;
    options.family = family;
    options.patience = patience(wanted);
    options.trace = std::make_shared<Trace>();
    auto trace = options.trace;
    auto answer = co_await lanes_.request.send(std::move(message), std::move(options));
    out->trace = *trace;
    if (!answer) {
      out->error = answer.error().code;
      out->detail = answer.error().detail;
      co_return std::nullopt;
    }
    out->status = answer->status;
    co_return *std::move(answer);
  }

  Task<void> page() {
    SendOptions options;
    options.family = route4_ ? Family::ipv4 : Family::ipv6;
    options.patience = patience(seconds(4));
    options.trace = std::make_shared<Trace>();
    auto trace = options.trace;
    auto answer = co_await lanes_.request.send(sign_in(), std::move(options));
    seen.page = Page{};
    seen.page->retransmits = trace->retransmits;
    if (!answer) co_return;
    seen.page->status = answer->status;
    for (char c : answer->location.substr(0, 200)) seen.page->location += c >= ' ' && c <= '~' ? c : '?';
  }

  Task<std::optional<LookupAnswer>> ask(Out message, Family family, Millis wanted) {
    LookupOptions options;
    options.family = family;
    options.patience = patience(wanted);
    auto answer = co_await lanes_.lookup.send(std::move(message), options);
    if (!answer) co_return std::nullopt;
    co_return *std::move(answer);
  }

  Task<void> with_certificate(bool proxied) {
    Try out;
    auto answer = co_await exchange(look(), Family::any, seconds(7), &out);
    seen.look = out;
    auto told = answer ? parse_look(*answer) : std::nullopt;
    if (proxied || !told || !told->name || told->published.empty()) co_return;
    auto answered = co_await ask(own_name(*told->name), Family::any, seconds(3));
    if (answered) seen.name = OwnName{told->fqdn, told->published, *answered};
  }

  static bool behind_something(const NetState& net) {
    if (!net.route4) return false;
    return std::none_of(net.addresses.begin(), net.addresses.end(), [](const LocalAddress& local) {
      return !local.address.v6 && local.routed && reach_of(local.address) == Reach::global;
    });
  }

  Task<void> probe() {
    ProbeOptions second_router;
    second_router.hop_limit = 2;
    second_router.patience = patience(seconds(2));
    auto answer = co_await lanes_.datagram.send(path_probe(), second_router);
    if (answer && answer->expired_in_transit) seen.second_hop = parse_ip(answer->from);
  }

  // Once more, where the first exchanges lost something: to tell a bad line from one bad moment.
  bool lost() const {
    int sum = 0;
    for (const auto* one : {&seen.v4, &seen.v6, &seen.look})
      if (*one) sum += std::max(0, (*one)->trace.retransmits);
    return sum == 1;
  }

  ExamineDeps& deps_;
  Lanes<manifest>& lanes_;
  Instant end_;
  bool route4_ = false, route6_ = false;
};

std::string in_words(Standing standing) {
  switch (standing) {
    case Standing::good:
      return "good";
    case Standing::revoked:
      return "revoked";
    case Standing::removed:
      return "removed";
    case Standing::expired:
      return "expired";
    case Standing::superseded:
      return "superseded";
  }
  return "";
}

void observe_box(Observed& seen, const ExamineDeps& deps, Box box) {
  const auto& net = deps.net.state.get();
  for (const auto& local : net.addresses)
    seen.locals.push_back({local.address, local.interface, local.routed});
  seen.route4 = net.route4;
  seen.route6 = net.route6;
  seen.way_out = net.way_out(deps.proxied);
  seen.tunnel = net.tunnel4 || net.tunnel6;
  seen.changes = deps.history.within(deps.clock.now() - minutes(10));
  seen.clock_synchronized = deps.system.clock_synchronized();
  const auto& contact = deps.session.contact.get();
  seen.clock_error = contact.clock_error;
  seen.now = deps.session.now();
  seen.registered = deps.identity.registration.get().has_value();
  seen.standing = in_words(contact.standing);
  seen.host = std::move(box.cloud_host);
  seen.orders = box.orders;
  seen.orders_overdue = box.orders_overdue;
  seen.orders_problem = std::move(box.orders_problem);
  seen.state_trouble = std::move(box.state_trouble);
  seen.not_set_up = std::move(box.not_set_up);
  seen.link = std::move(box.link);
}

}  // namespace

int History::within(Instant since) const {
  return static_cast<int>(
      std::count_if(changes.begin(), changes.end(), [&](Instant at) { return at >= since; }));
}

Task<void> run(Deps deps, Lanes<manifest> lanes) {
  (void)lanes;
  Signal wake(co_await boost::asio::this_coro::executor);
  auto net = deps.net.state.wake(wake);
  for (;;) {
    co_await wake.wait();
    deps.history.changes.push_back(deps.clock.now());
    if (deps.history.changes.size() > 64) deps.history.changes.pop_front();
  }
}

Task<boost::json::object> examine(ExamineDeps deps, Lanes<manifest> lanes, Box box) {
  Examination examination(deps, lanes);
  co_await examination.look_around();
  // Afterwards: the answers told what the time is, and how the cloud stands to us.
  observe_box(examination.seen, deps, std::move(box));
  boost::json::array checks;
  for (const auto& check : judge(examination.seen)) checks.push_back(to_json(check));
  boost::json::object out;
  out["schema"] = 1;
  out["made"] = to_rfc3339(deps.session.now());
  out["checks"] = std::move(checks);
  co_return out;
}

}  // namespace qcloud::doctor
