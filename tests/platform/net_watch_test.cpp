// NetWatch against the real kernel, in a network namespace of this process's own: nothing of the
// machine's network is seen or touched. Ends with 77 (skipped) where namespaces are not permitted.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <sched.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "agent/core/signal.hpp"
#include "platform/linux/linux_platform.hpp"
#include "platform/system_clock.hpp"

using namespace qcloud;
namespace asio = boost::asio;

namespace {

void ip(const std::string& arguments) {
  CAPTURE(arguments);
  REQUIRE(std::system(("ip " + arguments).c_str()) == 0);
}

bool has(const NetState& state, std::string_view text, std::string_view interface = "eth0") {
  for (const auto& each : state.addresses)
    if (to_string(each.address) == text && each.interface == interface) return true;
  return false;
}

// The system's clock, faster: so that what is held back for seconds need not be waited for.
class FastClock final : public Clock {
 public:
  FastClock(const asio::any_io_executor& executor, int speed) : real_(executor), speed_(speed) {}
  WallTime wall() const override { return real_.wall(); }
  Instant now() const override { return Instant(real_.now().time_since_epoch() * speed_); }
  Task<void> sleep_until(Instant when) override {
    return real_.sleep_until(Instant(when.time_since_epoch() / speed_));
  }

 private:
  SystemClock real_;
  int speed_;
};

struct Bench {
  asio::io_context context;
  FastClock clock;
  std::unique_ptr<LinuxPlatform> box;
  asio::cancellation_signal stop_box, stop_count;
  int changes = 0;

  explicit Bench(int speed = 20) : clock(context.get_executor(), speed) {
    auto opened = LinuxPlatform::open(context.get_executor(), clock);
    REQUIRE(opened);
    box = *std::move(opened);
    asio::co_spawn(context, box->run(), asio::bind_cancellation_slot(stop_box.slot(), asio::detached));
    asio::co_spawn(context, count(), asio::bind_cancellation_slot(stop_count.slot(), asio::detached));
  }
  ~Bench() {
    stop_box.emit(asio::cancellation_type::all);
    stop_count.emit(asio::cancellation_type::all);
    context.run();  // returns: both have ended
  }

  Task<void> count() {
    Signal signal(context.get_executor());
    auto subscription = box->platform().net.state.wake(signal);
    for (;;) {
      co_await signal.wait();
      ++changes;
    }
  }
  const NetState& state() { return box->platform().net.state.get(); }

  // Runs the loop until nothing happened for a while.
  void settle() {
    while (context.run_one_for(std::chrono::milliseconds(100)) != 0) {
    }
  }

  // Runs the loop until the state is as wished; false after ten seconds.
  bool until(const std::function<bool(const NetState&)>& wish) {
    SystemClock real(context.get_executor());
    auto end = real.now() + seconds(10);
    while (!wish(state()) && real.now() < end) context.run_one_for(std::chrono::milliseconds(100));
    return wish(state());
  }
};

}  // namespace

TEST_CASE("addresses and routes are seen as they come and go") {
  ip("link set lo up");
  ip("link add eth0 type veth peer name wire");
  ip("link set eth0 up");
  ip("address add 5.6.7.8/24 dev eth0");
  Bench bench;
  CHECK(bench.state() == NetState{});  // the other end is down: no carrier

  ip("link set wire up");
  CHECK(bench.until([](auto& s) { return has(s, "5.6.7.8"); }));
  CHECK_FALSE(bench.state().route4);

  ip("route add default via 5.6.7.1");
  CHECK(bench.until([](auto& s) { return s.route4; }));
  ip("route change default via 5.6.7.2");
  ip("route replace unreachable default");
  CHECK(bench.until([](auto& s) { return !s.route4; }));
  ip("route replace default via 5.6.7.1");
  CHECK(bench.until([](auto& s) { return s.route4; }));
  ip("route del default");
  CHECK(bench.until([](auto& s) { return !s.route4; }));

  ip("address add 5.6.7.9/24 dev eth0");
  CHECK(bench.until([](auto& s) { return has(s, "5.6.7.9"); }));
  ip("address del 5.6.7.8/24 dev eth0");  // takes the secondary address with it, as the kernel does
  CHECK(bench.until([](auto& s) { return !has(s, "5.6.7.8"); }));

  ip("link set wire down");
  CHECK(bench.until([](auto& s) { return s.addresses.empty(); }));
  ip("link del eth0");
}

TEST_CASE("an IPv6 address counts when duplicate address detection ended, not before") {
  ip("link add eth0 type veth peer name wire");
  ip("link set eth0 up");
  ip("link set wire up");
  Bench bench;
  ip("address add 2a0b::1/64 dev eth0");
  bench.context.run_one_for(std::chrono::milliseconds(50));
  CHECK_FALSE(has(bench.state(), "2a0b::1"));
  CHECK(bench.until([](auto& s) { return has(s, "2a0b::1"); }));
  // The same address at the other end of the wire: detection fails, on this link it never counts.
  ip("address add 2a0b::2/64 dev wire nodad");
  ip("address add 2a0b::2/64 dev eth0");
  CHECK(bench.until([](auto& s) { return has(s, "2a0b::2", "wire"); }));
  CHECK(bench.until([](auto&) { return std::system("ip address show dev eth0 | grep -q dadfailed") == 0; }));
  bench.settle();
  CHECK_FALSE(has(bench.state(), "2a0b::2"));
  ip("-6 route add default via 2a0b::ffff");
  CHECK(bench.until([](auto& s) { return s.route6; }));
  ip("-6 route replace unreachable default metric 1");
  ip("-6 route del default via 2a0b::ffff");
  CHECK(bench.until([](auto& s) { return !s.route6; }));
  for (const auto& each : bench.state().addresses) CHECK_FALSE(to_string(each.address).starts_with("fe80"));
  ip("-6 route del unreachable default metric 1");
  ip("link del eth0");
}

TEST_CASE("a burst ends in the right state, and equal states wake nobody") {
  ip("link add eth0 type veth peer name wire");
  ip("link set eth0 up");
  ip("link set wire up");
  Bench bench;
  CHECK(bench.until([](auto&) { return true; }));
  ip("address add 5.6.7.8/24 dev eth0");
  CHECK(bench.until([](auto& s) { return has(s, "5.6.7.8"); }));
  bench.settle();
  int before = bench.changes;
  // Far more events than the socket's buffer holds: some are lost, the state is not.
  REQUIRE(std::system("for i in $(seq 2 250); do for j in 1 2 3 4 5 6 7 8; do "
                      "echo address add 10.$j.0.$i/32 dev eth0; done; done | ip -batch -") == 0);
  CHECK(bench.until([](auto& s) { return s.addresses.size() == 1 + 249 * 8; }));
  bench.settle();
  CHECK(bench.changes - before <= 20);
  before = bench.changes;
  ip("link set eth0 txqueuelen 500");  // an event without a change that matters
  ip("route add 192.0.2.0/24 dev eth0");
  bench.settle();
  CHECK(bench.changes == before);
  ip("link del eth0");
}

TEST_CASE("a storm of renewals wakes nobody, a new address does, and a real loss is told") {
  ip("link add eth0 type veth peer name wire");
  ip("link set eth0 up");
  ip("link set wire up");
  Bench bench(1);
  ip("address add 5.6.7.8/24 dev eth0");
  ip("address add 2a0b::1/64 dev eth0");
  ip("route add default via 5.6.7.1");
  ip("-6 route add default via 2a0b::ffff");
  CHECK(bench.until([](auto& s) { return has(s, "5.6.7.8") && has(s, "2a0b::1") && s.route4 && s.route6; }));
  bench.settle();
  auto before = bench.state();
  int changes = bench.changes;
  for (int i = 0; i < 10; ++i) {
    ip("address del 5.6.7.8/24 dev eth0");
    ip("address del 2a0b::1/64 dev eth0");
    bench.context.run_for(std::chrono::milliseconds(50));
    ip("address add 5.6.7.8/24 dev eth0");
    ip("address add 2a0b::1/64 dev eth0");  // two seconds of duplicate detection begin anew
    ip("route add default via 5.6.7.1");
    bench.context.run_for(std::chrono::milliseconds(50));
  }
  CHECK(
      bench.until([](auto&) { return std::system("ip -6 address show dev eth0 | grep -q tentative") != 0; }));
  ip("-6 route replace default via 2a0b::ffff");
  bench.settle();
  CHECK(bench.changes == changes);
  CHECK(bench.state() == before);

  ip("address del 5.6.7.8/24 dev eth0");
  ip("address add 5.6.7.9/24 dev eth0");
  CHECK(bench.until([](auto& s) { return has(s, "5.6.7.9") && !has(s, "5.6.7.8"); }));
  ip("link set wire down");
  CHECK(bench.until([](auto& s) { return s.addresses.empty(); }));
  ip("link del eth0");
}

TEST_CASE("which interface leads to the internet, by routes and by rules") {
  for (std::string name : {"eth0", "eth1", "docker0"}) {
    ip("link add " + name + " type veth peer name peer-" + name);
    ip("link set " + name + " up");
    ip("link set peer-" + name + " up");
  }
  ip("address add 5.6.7.8/24 dev eth0");
  ip("address add 5.6.8.8/24 dev eth1");
  ip("address add 172.17.0.1/16 dev docker0");
  Bench bench;
  auto order = [](const NetState& state) {
    std::string out;
    for (const auto& each : state.addresses) out += each.interface + (each.routed ? "+ " : "- ");
    return out;
  };
  CHECK(bench.until([&](auto& s) { return order(s) == "eth0- eth1- docker0- "; }));
  ip("route add default via 5.6.8.1 metric 10");
  CHECK(bench.until([&](auto& s) { return order(s) == "eth1+ eth0- docker0- "; }));
  ip("route add default via 5.6.7.1 metric 20");
  CHECK(bench.until([&](auto& s) { return order(s) == "eth1+ eth0+ docker0- "; }));
  ip("route add default via 5.6.7.1 table 700");
  ip("rule add pref 100 table 700");  // a rule alone turns the way
  CHECK(bench.until([&](auto& s) { return order(s) == "eth0+ eth1+ docker0- "; }));
  ip("rule del pref 100");
  CHECK(bench.until([&](auto& s) { return order(s) == "eth1+ eth0+ docker0- "; }));
  ip("rule add pref 100 prohibit");
  CHECK(bench.until([&](auto& s) { return !s.route4; }));
  ip("rule del pref 100");
  CHECK(bench.until([&](auto& s) { return s.route4; }));
  ip("route add 0.0.0.0/1 via 5.6.7.1");  // a VPN's two halves
  ip("route add 128.0.0.0/1 via 5.6.7.1");
  CHECK(bench.until([&](auto& s) { return order(s) == "eth0+ eth1+ docker0- "; }));
  for (std::string name : {"eth0", "eth1", "docker0"}) ip("link del " + name);
}

TEST_CASE("a bridge carries the address of its members, and loses it with the last of them") {
  ip("link add eth0 type veth peer name wire");
  ip("link set wire up");
  ip("link set eth0 up");
  if (std::system("ip link add qvs0 type bridge 2>/dev/null") != 0) {
    MESSAGE("not tried: this kernel has no bridge");
    ip("link del eth0");
    return;
  }
  ip("link set eth0 master qvs0");
  ip("link set qvs0 up");
  ip("address add 5.6.7.8/24 dev qvs0");
  ip("route add default via 5.6.7.1");
  Bench bench;
  CHECK(bench.until([](auto& s) { return has(s, "5.6.7.8", "qvs0") && s.route4; }));
  REQUIRE(bench.state().addresses.size() == 1);
  CHECK(bench.state().addresses[0].routed);
  ip("link set eth0 nomaster");
  CHECK(bench.until([](auto& s) { return s.addresses.empty() && !s.route4; }));
  ip("link del qvs0");
  ip("link del eth0");
}

int main(int argc, char** argv) {
  if (::unshare(CLONE_NEWNET) != 0 || std::system("command -v ip >/dev/null") != 0) {
    std::puts("skipped: needs root and the program ip");
    return 77;
  }
  return doctest::Context(argc, argv).run();
}
