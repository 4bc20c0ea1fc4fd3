// A ledger on real files, that can be killed, robbed of its spool, and started again.
#pragma once

#include <doctest/doctest.h>

#include "agent/gate/ledger.hpp"
#include "tests/unit/state.hpp"
#include "tests/unit/virtual_clock.hpp"

namespace ledger_test {
using namespace qcloud;

struct World {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  unit::State state;
  std::unique_ptr<Ledger> ledger;

  World() { begin("boot-1"); }
  // A new agent on the same files.
  void begin(const std::string& boot) {
    ledger.reset();
    state.open();
    ledger = std::make_unique<Ledger>(state.db(), clock);
    REQUIRE(ledger->start(boot));
  }
  std::int64_t message(std::string_view feature = "ddns",
                       const std::vector<std::string>& fields = {"ipv4", "ipv6"}) {
    auto id = ledger->message(feature, "report the addresses", "cloud.vendor.test", fields);
    REQUIRE(id);
    return *id;
  }
  std::int64_t opened(std::string_view feature = "ddns", std::int64_t for_message = 0) {
    return ledger->opened(feature, {"tcp", "192.168.1.5:40112", "203.0.113.9:443", for_message});
  }
  boost::json::array rows(Ledger::Filter filter = {}) { return ledger->rows(filter); }
  boost::json::object row(std::int64_t id) {
    for (auto& each : rows())
      if (each.at("id").as_int64() == id) return each.as_object();
    return {};
  }
  int gaps() {
    int count = 0;
    for (auto& each : rows()) count += each.at("kind") == "gap";
    return count;
  }
};

}  // namespace ledger_test
