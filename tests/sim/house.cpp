#include "tests/sim/house.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace sim {

namespace asio = boost::asio;

World::World(std::uint64_t seed) : host(io, time, seed), rng(seed) {}

void World::play(Task<void> script) {
  bool done = false;
  asio::co_spawn(io, std::move(script), [&done](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
    done = true;
  });
  while (!done) time.run_until(time.now() + 1s);
}

House::House(World& w, std::string a, std::uint64_t seed)
    : world(w),
      account(std::move(a)),
      disk(seed),
      platform(w.io.get_executor()),
      clock(w.time),
      rng(seed),
      net(w.io, w.time, w.host, rng.fork(), w.verdict, w.counters),
      log(qcloud::Level::error, [](qcloud::Level, std::string_view) {}) {
  world.host.cloud.add_account(account, "correct horse battery");
  platform.set_hardware("hardware-" + std::to_string(seed));
  net.allowed.serial = "SN-" + std::to_string(seed);
  set_public_address("5.6.7.10", false);
}

House::~House() = default;

void House::set_public_address(const std::string& address, bool own) {
  net.set_public_address(address);
  net.own_address = own ? address : "192.168.1.5";
  if (own)
    platform.set_addresses({address});
  else
    platform.set_addresses({"192.168.1.5"});
}

bool House::start() {
  platform.set_boot_id("boot-" + std::to_string(++boots_));
  auto opened = qcloud::Db::open({"/var/lib/qcloud/state.db", "/run/qcloud/ledger.db", disk.vfs_name()});
  if (!opened) return false;
  db = std::move(*opened);
  qcloud::AgentDeps deps{
      world.io.get_executor(),
      clock,
      rng,
      platform,
      net,
      *db,
      log,
      {{"cloud", {"cloud.vendor.test", 443, ""}}, {"relay", {"relay.vendor.test", 443, ""}}},
      world.host.cloud.keys().receipt_public_pem(),
      WallTime{},
      {},
      &services};
  agent = std::make_unique<qcloud::Agent>(std::move(deps));
  if (!agent->start()) {
    agent.reset();
    db.reset();
    return false;
  }
  owner = std::make_unique<qcloud::Operations>(*agent);
  if (economy && !agent->settings.has("economy", "on")) (void)agent->settings.set("economy", "on");
  return true;
}

Task<void> House::end_agent() {
  if (agent) co_await agent->stop();
  owner.reset();
  agent.reset();
  db.reset();
}

Task<void> House::shut_down() { co_await end_agent(); }

Task<void> House::power_cut() {
  disk.cut_now();
  ++world.counters.power_cuts;
  co_await end_agent();
  disk.restore();
}

std::string House::device_id() const {
  return agent && agent->identity.registration.get() ? agent->identity.registration.get()->device_id : "";
}

Task<bool> House::register_box() {
  net.allowed.commanded = true;
  auto begun = co_await owner->begin_registration();
  if (begun) {
    co_await clock.sleep_for(20s);
    auto code = agent->progress.get().user_code;
    if (!code.empty()) world.host.cloud.approve(code, account);
    for (int i = 0;
         i < 700 && agent->progress.get().state != "registered" && agent->progress.get().state != "failed";
         ++i)
      co_await clock.sleep_for(1s);
  }
  co_await owner->cancel_registration();
  net.allowed.commanded = false;
  bool done = begun && agent->identity.registration.get().has_value();
  confirmed_registered = confirmed_registered || done;
  co_return done;
}

Task<bool> House::unregister() {
  net.allowed.order_open = true;
  auto order = co_await owner->unregister(5s);
  if (!order) co_return false;
  confirmed_registered = false;
  all_off();
  if (*order) {
    filed.insert((*order)->id);
    ++world.counters.orders;
  }
  co_return true;
}

Task<bool> House::claim(std::string name) {
  const auto& registration = agent->identity.registration.get();
  if (!registration) co_return false;  // it is gone
  net.allowed.commanded = true;
  auto claimed = co_await owner->claim_name(name, !registration->name.empty());
  net.allowed.commanded = false;
  co_return static_cast<bool>(claimed);
}

Task<bool> House::enable() {
  net.allowed.ddns = net.allowed.any_on = true;
  auto done = co_await owner->set_switch("ddns", true, 0s);
  if (done)
    confirmed_on = true;
  else
    net.allowed.ddns = net.allowed.any_on = confirmed_on;
  if (!done || !linked) co_return static_cast<bool>(done);
  net.allowed.link = true;
  auto link = co_await owner->set_switch("link", true, 0s);
  if (link) confirmed_link = true;
  net.allowed.link = confirmed_link;
  co_return static_cast<bool>(link);
}

Task<bool> House::disable() {
  net.allowed.order_open = true;
  if (confirmed_link) {
    auto done = co_await owner->set_switch("link", false, 5s);
    if (!done) co_return false;
    confirmed_link = net.allowed.link = false;
    if (done->order && filed.insert(done->order->id).second) ++world.counters.orders;
  }
  auto done = co_await owner->set_switch("ddns", false, 5s);
  if (!done) co_return false;
  // From here on not a byte of it may leave: it is silent when it returns.
  all_off();
  if (done->order && filed.insert(done->order->id).second) ++world.counters.orders;
  co_return true;
}

void House::all_off() {
  confirmed_on = confirmed_link = false;
  net.allowed.ddns = net.allowed.link = net.allowed.any_on = false;
}

void House::reconcile() {
  confirmed_on = agent->switches.on("ddns");
  confirmed_link = agent->switches.on("link");
  confirmed_registered = agent->identity.registration.get().has_value();
  net.allowed.ddns = confirmed_on;
  net.allowed.link = confirmed_link;
  net.allowed.any_on = confirmed_on || confirmed_link;
  net.allowed.order_open = !agent->outbox.open.get().empty();
}

}  // namespace sim
