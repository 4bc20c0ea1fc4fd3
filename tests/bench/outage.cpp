// 100,000 boxes and a cloud that is away for ten minutes: `bench_outage --boxes N --kind KIND --dir FOLDER`.
// Each box is the shipped DDNS feature behind a port of the shipped gate, on one virtual clock; only the
// network is made up. Prints when they came back, as one JSON object.
//
// KIND refused: the host answers with RST. busy: a load balancer answers 503 with Retry-After: 60. silent:
// packets vanish, so a connect waits for the kernel's next SYN, and a hanging watch is noticed to be dead by
// the keepalive only.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <numeric>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "agent/features/ddns/feature.hpp"
#include "agent/net/tls_identity.hpp"
#include "platform/fake/fake_platform.hpp"
#include "tests/sim/sim_clock.hpp"

namespace {

using namespace qcloud;
using namespace std::chrono_literals;

constexpr auto warm_up = 10min, outage = 10min, aftermath = 20min;
constexpr auto connect_patience = 20s;                 // as agent/net/http_client.cpp has it
constexpr Millis syn_after[] = {0s, 1s, 3s, 7s, 15s};  // Linux: 1 s, doubled each time
constexpr auto keepalive_from = 25s, keepalive_until = 35s;
constexpr const char* watch_answer =
    R"({"cursor":1,"seen":"5.6.7.8","name":"nas1","fqdn":"nas1.mynas.test","published":{"a":["5.6.7.8"],"aaaa":[]},)"
    R"("reported":{"ipv4":"5.6.7.8","ipv6":null},"events":[]})";

struct World {
  boost::asio::io_context io;
  sim::Time time{io};
  sim::HouseClock clock{time};
  Instant down = time.now() + warm_up, up = down + outage;
  bool silent = false, busy = false;
  std::size_t hanging = 0;
  std::vector<std::size_t> tries =
      std::vector<std::size_t>(seconds(outage).count());  // a second of the outage
  std::vector<std::size_t> arrivals =
      std::vector<std::size_t>(seconds(aftermath).count());  // a second after it
  std::vector<std::size_t> connections = arrivals;
};

class Box : public Transport {
 public:
  Box(World& world, std::uint64_t seed) : world_(world), rng(seed) {}

  Task<Result<HttpResponse>> exchange(HttpRequest request, Meter&) override {
    auto connected = co_await connect();
    if (!connected) co_return Error{"net.refused", Retry::retry_soon, "The cloud refuses.", ""};
    HttpResponse answer;
    answer.content_type = "application/json";
    if (away(world_.time.now())) {
      answer.status = 503;
      answer.content_type = "application/problem+json";
      answer.retry_after = 60;
      co_return answer;
    }
    if (!request.hanging) {
      answer.status = 200;
      answer.body = watch_answer;
      co_return answer;
    }
    ++world_.hanging;
    auto ends = world_.time.now() < world_.down ? world_.down : world_.up + aftermath + 1h;
    if (world_.silent) ends += rng.between(keepalive_from, keepalive_until);
    co_await world_.clock.sleep_until(ends);
    --world_.hanging;
    co_return Error{"net.reset", Retry::retry_soon, "The connection broke.", ""};
  }
  Task<Result<DatagramAnswer>> datagram(Datagram, Meter&) override {
    co_return Error{"net.timeout", Retry::retry_soon, "No answer.", ""};
  }
  Task<void> drain(Meter&) override { co_return; }

 private:
  World& world_;

 public:
  sim::SimRng rng;

 private:
  bool away(Instant when) const { return when >= world_.down && when < world_.up; }

  Task<bool> connect() {
    auto began = world_.time.now();
    if (away(began)) {
      ++world_.tries[static_cast<std::size_t>(
          std::chrono::duration_cast<seconds>(began - world_.down).count())];
      if (!world_.silent) {
        co_await world_.clock.sleep_for(20ms);
        co_return world_.busy;
      }
      bool reached = false;
      for (auto after : syn_after)
        if (!reached && !away(began + after)) {
          reached = true;
          co_await world_.clock.sleep_until(began + after);
        }
      if (!reached) {
        co_await world_.clock.sleep_until(began + connect_patience);
        co_return false;
      }
    }
    auto after = world_.time.now() - world_.up;
    if (after >= 0s) {
      auto second = static_cast<std::size_t>(std::chrono::duration_cast<seconds>(after).count());
      if (second < world_.arrivals.size()) {
        ++world_.connections[second];
        if (!came_back_) ++world_.arrivals[second];
      }
      came_back_ = true;
    }
    co_await world_.clock.sleep_for(60ms);  // round trips of TCP and TLS
    co_return true;
  }

  bool came_back_ = false;
};

struct Registered : Session {
  Registered() {
    auto* key = EVP_EC_gen("P-256");
    auto* certificate = X509_new();
    mine = std::make_shared<TlsIdentity>(key, certificate);
    EVP_PKEY_free(key);
    X509_free(certificate);
  }
  std::shared_ptr<const TlsIdentity> identity() const override { return mine; }
  void observe(const Result<HttpResponse>&, bool) override {}
  std::shared_ptr<const TlsIdentity> mine;
};

std::string argument(int argc, char** argv, const char* name) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::strcmp(argv[i], name) == 0) return argv[i + 1];
  std::cerr << "bench_outage: " << name << " is missing\n";
  std::exit(2);
}

// Each box has its own path and its own chance; what it knows of itself may be everybody's.
class Crowd {
 public:
  Crowd(World& world, Db& db, std::size_t count)
      : platform_(world.io.get_executor()),
        switches_(db, {&ddns::manifest}),
        ledger_(db, world.clock),
        identity_(db, "hardware"),
        told_(world.clock, identity_, WallTime{}),
        health_(world.clock) {
    platform_.set_addresses({"192.168.1.5"});
    if (!ledger_.start("boot")) throw std::runtime_error("the ledger does not start");
    Registration registration;
    registration.device_id = "box";
    registration.account = "owner";
    registration.name = "nas1";
    registration.fqdn = "nas1.mynas.test";
    registration.zone = "mynas.test";
    identity_.registration.set(registration);
    for (std::size_t i = 0; i < count; ++i) {
      auto& box = boxes_.emplace_back(std::make_unique<Box>(world, i + 1));
      gates_.push_back(std::make_unique<GateDeps>(GateDeps{
          *box, ledger_, switches_, session_, world.clock, {{"cloud", {"cloud.vendor.test", 443, ""}}}}));
      ports_.push_back(std::make_unique<Port>(*gates_.back(), ddns::manifest, [] { return true; }));
      boost::asio::co_spawn(world.io, live(&world, box.get(), ports_.back().get()), boost::asio::detached);
    }
  }

 private:
  // Boxes come on in the course of five minutes, as they do in life.
  Task<void> live(World* world, Box* box, Port* port) {
    co_await world->clock.sleep_for(box->rng.between(Millis(0), Millis(5min)));
    Platform& platform = platform_;
    ddns::Deps deps{world->clock, box->rng, platform.net,         identity_, health_, reported_, economy_,
                    riding_,      told_,    [] { return false; }, proxy_};
    Lanes<ddns::manifest> lanes(*port);
    co_await ddns::run(deps, lanes);
  }

  FakePlatform platform_;
  Switches switches_;
  Ledger ledger_;
  Registered session_;
  Identity identity_;
  CloudSession told_;  // of answers that cannot be read; the identity that the gate shows is session_'s
  HealthBoard health_;
  Fact<std::optional<ddns::Reported>> reported_;
  Fact<Riding> riding_;
  Fact<bool> economy_;
  Fact<std::string> proxy_;
  std::vector<std::unique_ptr<Box>> boxes_;
  std::vector<std::unique_ptr<GateDeps>> gates_;
  std::vector<std::unique_ptr<Port>> ports_;
};

std::size_t sum(const std::vector<std::size_t>& all, std::size_t from = 0) {
  return std::accumulate(all.begin() + static_cast<std::ptrdiff_t>(from), all.end(), std::size_t(0));
}

// The most that came within `window` seconds in a row.
std::size_t most(const std::vector<std::size_t>& all, std::size_t window) {
  std::size_t peak = 0, now = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    now += all[i] - (i < window ? 0 : all[i - window]);
    peak = std::max(peak, now);
  }
  return peak;
}

void tell(const World& world, const std::string& kind, std::size_t count) {
  auto back = sum(world.arrivals);
  std::size_t last = 0;
  for (std::size_t i = 0; i < world.arrivals.size(); ++i)
    if (world.arrivals[i] > 0) last = i;
  auto boxes = double(count), mean = double(back) / double(last + 1);
  boost::json::object out{{"boxes", count}, {"kind", kind}, {"back", back}, {"spread_seconds", last + 1}};
  out["mean"] = mean;
  out["peak"] = double(most(world.arrivals, 1)) / mean;
  out["peak_10"] = double(most(world.arrivals, 10)) / 10 / mean;
  out["peak_60"] = double(most(world.arrivals, 60)) / 60 / mean;
  out["tries_a_box"] = double(sum(world.tries)) / boxes;
  out["connections_a_box"] = double(sum(world.connections)) / boxes;
  out["tries_a_second_at_the_end"] = double(sum(world.tries, world.tries.size() - 60)) / 60;
  std::cout << boost::json::serialize(out) << std::endl;
}

[[noreturn]] void simulate(World& world, Db& db, const std::string& kind, std::size_t count) {
  Crowd crowd(world, db, count);
  world.time.run_until(world.down - 1s);
  if (world.hanging != count) {
    std::cerr << "bench_outage: only " << world.hanging << " boxes hang before the outage\n";
    std::_Exit(1);
  }
  world.time.run_until(world.up + aftermath);
  tell(world, kind, count);
  // Taking 100,000 boxes apart in order takes longer than all of the above.
  std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  auto count = std::stoul(argument(argc, argv, "--boxes"));
  auto kind = argument(argc, argv, "--kind");
  auto folder = argument(argc, argv, "--dir");
  World world;
  world.silent = kind == "silent";
  world.busy = kind == "busy";
  auto db = Db::open({folder + "/state.db", folder + "/spool.db", {}});
  if (!db) {
    std::cerr << "bench_outage: " << db.error().detail << '\n';
    return 1;
  }
  // The ledger is everybody's here, and nobody reads it: it stays in memory.
  for (const char* pragma : {"PRAGMA spool.max_page_count=4000000", "PRAGMA spool.cache_size=-1000000"})
    if (auto done = (*db)->run(pragma); !done) return 1;
  auto done = (*db)->transaction([&]() -> Status { simulate(world, **db, kind, count); });
  return done ? 0 : 1;
}
