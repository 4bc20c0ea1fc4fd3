#include "tests/sim/life.hpp"

#include "agent/store/meta.hpp"

namespace sim {
namespace {

using namespace std::chrono;

class Life {
 public:
  Life(House& house, int number) : h_(house), number_(number) {}

  Task<void> settle_in() {
    for (int i = 0; i < 20; ++i)
      if (co_await h_.register_box()) break;
    co_await name_it();
    co_await h_.enable();
  }

  // One act or fault; returns when it is over and the books are right.
  Task<void> act() {
    ++h_.world.counters.faults;
    auto dice = h_.rng.below(1000);
    if (dice < 520)
      co_await episode();
    else if (dice < 640)
      move();
    else if (dice < 720)
      h_.net.break_connections();
    else if (dice < 760)
      co_await power_cut();
    else if (dice < 800)
      co_await reboot();
    else if (dice < 810)
      co_await flapping();
    else if (dice < 815 || (h_.linked && dice >= 993))
      co_await relay_fault();
    else if (dice < 860)
      co_await off_and_on(false);
    else if (dice < 890)
      co_await off_and_on(true);
    else if (dice < 905)
      co_await offline_and_online();
    else if (dice < 925)
      co_await wrong_clock();
    else if (dice < 945)
      co_await full_disk();
    else if (dice < 960)
      co_await leave_and_return();
    else if (dice < 975)
      co_await renamed_elsewhere();
    else if (dice < 983)
      co_await removed_elsewhere();
    else if (dice < 988)
      co_await revoked();
    else if (dice < 993)
      co_await long_absence();
    else
      co_await other_hardware();
  }

  // After a while of calm everything that was promised must hold.
  Task<void> check() {
    co_await h_.clock.sleep_for(15min);
    if (h_.economy) co_await h_.clock.sleep_for(h_.news_within());
    check_switch("");
    auto id = h_.device_id();
    auto standing = h_.agent->session.contact.get().standing;
    if (h_.confirmed_on && !id.empty() && standing == qcloud::Standing::good) check_name();
    if (!h_.agent->outbox.open.get().empty()) co_await h_.clock.sleep_for(26h);
    // What is being erased is not sent meanwhile, so this comes after the orders.
    if (h_.confirmed_link && !id.empty() && standing == qcloud::Standing::good) check_link(id);
    check_orders(id);
  }

 private:
  void fail(const char* invariant, const std::string& what) {
    h_.world.verdict.fail(invariant, "house " + std::to_string(number_) + ", " +
                                         qcloud::to_rfc3339(h_.world.time.wall()) + ": " + what);
  }

  void check_switch(const std::string& when) {
    if (h_.agent->switches.on("ddns") != h_.confirmed_on)
      fail("decision", "the switch is not as confirmed" + when);
    if (h_.agent->switches.on("link") != h_.confirmed_link)
      fail("decision", "the link's switch is not as confirmed" + when);
    if (h_.agent->identity.registration.get().has_value() != h_.confirmed_registered)
      fail("decision", "the registration is not as confirmed" + when);
    for (const auto& order : h_.filed)
      if (!h_.agent->outbox.find(order)) fail("decision", "a confirmed order is lost" + when);
  }

  void check_name() {
    const auto& registration = *h_.agent->identity.registration.get();
    if (registration.fqdn.empty()) return;
    auto& zone = h_.world.host.dns.zone;
    auto found = zone.find(registration.fqdn);
    std::string answer = found == zone.end() || found->second.a.empty() ? "nothing" : found->second.a.front();
    // Attached, the name leads to the relay; the cloud must know the address all the same.
    bool relayed = h_.confirmed_link && !h_.agent->link.state.get().attached.empty();
    if (relayed && h_.world.host.cloud.rows_of(h_.net.public_address()).contains("ddns")) return;
    if (answer != h_.net.public_address())
      fail("L1", registration.fqdn + " answers " + answer + ", the box is at " + h_.net.public_address());
  }

  // One attachment at each relay, that is: at each that was up for a while.
  void check_link(const std::string& id) {
    std::set<std::string> wanted, there;
    for (const auto& relay : h_.world.host.relays.all) {
      if (h_.world.time.now() - relay.since < 5min) return;
      if (relay.up) wanted.insert(relay.name);
    }
    const auto& attached = h_.agent->link.state.get().attached;
    for (const auto& each : attached) there.insert(each.relay);
    if (there != wanted || attached.size() != wanted.size())
      fail("link", "attached " + std::to_string(attached.size()) + " times, to " +
                       std::to_string(there.size()) + " of " + std::to_string(wanted.size()) + " relays");
    if (h_.world.host.relays.visit(id, "nobody.mynas.test") != static_cast<int>(wanted.size()))
      fail("link", "the relays do not reach the box");
  }

  void check_orders(const std::string& id) {
    auto standing = h_.agent->session.contact.get().standing;
    for (const auto& order : h_.agent->outbox.pending())
      fail("A5", "order " + order.id + " is open a day after the outage");
    h_.net.allowed.order_open = false;
    // What the agent took must hold; once looked at, a receipt does not change.
    for (const auto& id_of_order : h_.filed) {
      if (looked_at_.contains(id_of_order)) continue;
      auto order = h_.agent->outbox.find(id_of_order);
      if (!order || !order->receipt) continue;
      looked_at_.insert(id_of_order);
      if (!h_.agent->orders.verified(*order)) fail("A5", "a receipt that was taken does not hold");
    }
    if (!h_.confirmed_on && !id.empty() && standing == qcloud::Standing::good &&
        h_.world.host.cloud.rows_of(id).contains("ddns"))
      fail("A5", "the cloud holds addresses of a feature that is off");
    if (!h_.confirmed_link && !id.empty() && standing == qcloud::Standing::good &&
        h_.world.host.cloud.rows_of(id).contains("attachments"))
      fail("A5", "the cloud holds attachments of a link that is off");
    for (const auto& gone : std::exchange(departed_, {}))
      for (const auto& [table, rows] : h_.world.host.cloud.rows_of(gone))
        if (table != "receipts" && table != "erasures" && table != "tombstones" && table != "gone")
          fail("R3", "table " + table + " still names a device that left");
  }

  Task<void> episode() {
    auto& faults = h_.net.faults;
    switch (h_.rng.below(6)) {
      case 0:
        faults.down = true;
        h_.net.break_connections();
        break;
      case 1:
        faults.dns_down = true;
        h_.net.break_connections();
        break;
      case 2:
        faults.loss = 0.6;
        break;
      case 3:
        faults.server_errors = true;
        h_.net.break_connections();
        break;
      case 4:
        faults.lying = true;
        h_.net.break_connections();
        break;
      default:
        faults.delay = 900ms;
        break;
    }
    co_await h_.clock.sleep_for(h_.rng.between(1min, h_.rng.chance(0.1) ? 20h : 2h));
    faults = {};
  }

  void move() {
    // The router got another address, or the box has a public one of its own.
    h_.set_public_address(
        "5.6." + std::to_string(h_.rng.below(200)) + "." + std::to_string(1 + h_.rng.below(250)),
        h_.rng.chance(0.3));
  }

  // The line's IPv6 comes and goes; what is published is to stay as it is.
  Task<void> flapping() {
    auto own = h_.net.public_address();
    for (int i = 0; i < 10; ++i) {
      h_.platform.set_addresses({own, "2a0b:77::5"});
      co_await h_.clock.sleep_for(h_.rng.between(1s, 100s));
      h_.platform.set_addresses({own});
      co_await h_.clock.sleep_for(h_.rng.between(1s, 100s));
    }
    h_.set_public_address(own, h_.rng.chance(0.5));
    co_await h_.clock.sleep_for(5min);
  }

  // Of a relay, for every house: it crashes, is replaced, or hears nothing of the cloud for a while.
  Task<void> relay_fault() {
    auto& relays = h_.world.host.relays;
    auto at = h_.rng.below(Relays::count);
    auto kind = h_.rng.below(3);
    if (kind == 2) {
      relays.deaf(true);
      co_await h_.clock.sleep_for(h_.rng.between(1min, 2h));
      relays.deaf(false);
      co_return;
    }
    if (!relays.all[at].up) co_return;
    relays.stop(at, kind == 1);
    co_await h_.clock.sleep_for(h_.rng.between(Millis(0), h_.rng.chance(0.5) ? 10s : 1h));
    relays.start(at);
  }

  Task<void> boot() {
    ++h_.world.counters.reboots;
    while (!h_.start()) {
      fail("decision", "the state cannot be opened after a power cut");
      co_await h_.clock.sleep_for(24h);
    }
  }

  Task<void> power_cut() {
    co_await h_.power_cut();
    co_await h_.clock.sleep_for(h_.rng.between(1min, 30min));
    co_await boot();
    check_switch(" after a power cut");
  }

  Task<void> reboot() {
    co_await h_.shut_down();
    co_await h_.clock.sleep_for(2min);
    co_await boot();
    check_switch(" after a reboot");
  }

  Task<void> off_and_on(bool during_outage) {
    if (during_outage) {
      h_.net.faults.down = true;
      h_.net.break_connections();
    }
    co_await h_.disable();
    if (h_.rng.chance(0.3)) co_await power_cut();
    co_await h_.clock.sleep_for(h_.rng.between(1s, 3h));
    h_.net.faults = {};
    if (h_.rng.chance(0.7)) co_await check();
    co_await h_.enable();
  }

  Task<void> offline_and_online() {
    h_.net.allowed.order_open = true;
    auto orders = co_await h_.owner->go_offline(5s);
    if (orders) {
      h_.all_off();
      for (auto& order : *orders)
        if (h_.filed.insert(order.id).second) ++h_.world.counters.orders;
    }
    co_await h_.clock.sleep_for(1h);
    h_.net.allowed.ddns = h_.net.allowed.any_on = true;
    h_.net.allowed.link = h_.linked;
    auto names = co_await h_.owner->go_online();
    if (names && !names->empty()) h_.confirmed_on = true;
    if (names && std::find(names->begin(), names->end(), "link") != names->end()) h_.confirmed_link = true;
    h_.net.allowed.ddns = h_.net.allowed.any_on = h_.confirmed_on;
    h_.net.allowed.link = h_.confirmed_link;
    if (!h_.confirmed_on) co_await h_.enable();
  }

  Task<void> wrong_clock() {
    // A dead battery, a slip of the hand, a leap of some weeks; with and without NTP's blessing.
    auto truth = h_.world.time.wall();
    switch (h_.rng.below(4)) {
      case 0:
        h_.clock.error = -truth.time_since_epoch();
        break;
      case 1:
        h_.clock.error = qcloud::from_unix(2'208'988'800) - truth;  // 2040
        break;
      default:
        h_.clock.error = h_.rng.chance(0.5) ? days(365) : -days(400);
    }
    h_.platform.set_clock_synchronized(h_.rng.chance(0.3));
    if (h_.rng.chance(0.7)) co_await reboot();
    co_await h_.clock.sleep_for(5h);
    h_.clock.error = Millis(0);
    h_.platform.set_clock_synchronized(true);
  }

  Task<void> full_disk() {
    h_.disk.full = true;
    // A decision that cannot be written is not confirmed; off is off all the same, until the next start.
    bool disabled = co_await h_.disable();
    if (disabled) co_await h_.enable();
    co_await h_.clock.sleep_for(1h);
    h_.disk.full = false;
    // The owner does as he was told: room was made, so once more.
    if (!disabled) co_await h_.disable();
    h_.reconcile();
    if (!h_.confirmed_on) co_await h_.enable();
  }

  Task<void> name_it() {
    bool claimed = false;
    for (int i = 0; i < 5 && !claimed; ++i) {
      auto name = "house" + std::to_string(number_) + "-" + std::to_string(named_++);
      claimed = co_await h_.claim(name);
    }
  }

  Task<void> leave_and_return() {
    auto id = h_.device_id();
    bool left = co_await h_.unregister();
    if (!left) co_return;
    departed_.push_back(id);
    co_await check();
    co_await settle_in();
  }

  Task<void> renamed_elsewhere() {
    h_.world.host.cloud.rename(h_.device_id(),
                               "elsewhere" + std::to_string(number_) + "-" + std::to_string(named_++));
    co_await h_.clock.sleep_for(30min);
  }

  // The box ends its registration by itself, and is silent from then on.
  Task<void> removed_elsewhere() {
    auto id = h_.device_id();
    h_.world.host.cloud.remove(id);
    co_await h_.clock.sleep_for(h_.news_within());
    if (h_.agent->identity.registration.get() || h_.agent->switches.any_on())
      fail("R3", "the box did not end its registration when it was removed");
    if (!qcloud::get_meta(*h_.db, qcloud::note_removed))
      fail("R3", "the box does not say that it was removed");
    if (!h_.agent->outbox.open.get().empty()) fail("R3", "an order of a removed registration is still open");
    h_.confirmed_registered = h_.net.allowed.order_open = false;
    h_.all_off();
    if (h_.rng.chance(0.5)) co_await reboot();
    co_await h_.clock.sleep_for(2h);
    departed_.push_back(id);
    if (h_.rng.chance(0.5)) co_await h_.unregister();
    co_await settle_in();
  }

  Task<void> revoked() {
    h_.world.host.cloud.revoke(h_.device_id());
    co_await h_.clock.sleep_for(h_.news_within());
    if (h_.agent->session.contact.get().standing != qcloud::Standing::revoked)
      fail("R1", "the box did not learn that it was revoked");
    co_await h_.unregister();
    co_await settle_in();
  }

  Task<void> long_absence() {
    co_await h_.shut_down();
    co_await h_.clock.sleep_for(days(40));
    co_await boot();
    co_await h_.clock.sleep_for(1h);
    if (h_.agent->identity.registration.get() &&
        h_.agent->identity.registration.get()->certificate_until < h_.world.time.wall())
      fail("R1", "the certificate was not renewed after months off");
  }

  Task<void> other_hardware() {
    auto id = h_.device_id();
    co_await h_.shut_down();
    h_.platform.set_hardware("other-" + std::to_string(number_) + "-" + std::to_string(named_++));
    h_.net.allowed.banned_devices.insert(id);
    co_await boot();
    co_await h_.clock.sleep_for(2h);
    if (h_.agent->identity.registration.get()) fail("R1", "a copied state was used on other hardware");
    h_.reconcile();
    // The owner decides: this is the new box.
    co_await settle_in();
  }

  House& h_;
  int number_;
  int named_ = 0;
  std::vector<std::string> departed_;
  std::set<std::string> looked_at_;
};

}  // namespace

Task<void> live(House* house, int number, Instant end) {
  Life life(*house, number);
  house->economy = number % 4 == 3;
  house->linked = number % 10 == 1;
  if (!house->start()) co_return;
  co_await life.settle_in();
  while (house->world.time.now() < end) {
    co_await house->clock.sleep_for(house->rng.between(1h, 16h));
    co_await life.act();
    co_await life.check();
  }
  co_await house->shut_down();
}

}  // namespace sim
