// A port over a fake network, for the tests of the gate.
#pragma once

#include <doctest/doctest.h>

#include "agent/gate/gate.hpp"
#include "agent/net/tls_identity.hpp"
#include "tests/gate/sample.hpp"
#include "tests/unit/fake_transport.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/seeded_rng.hpp"
#include "tests/unit/state.hpp"
#include "tests/unit/virtual_clock.hpp"

namespace gate_test {
using namespace qcloud;

std::shared_ptr<const TlsIdentity> some_identity();

struct FakeSession : Session {
  std::shared_ptr<const TlsIdentity> identity() const override { return mine; }
  void observe(const Result<HttpResponse>& outcome, bool with_certificate) override {
    seen.push_back({outcome ? outcome->status : 0, with_certificate});
  }
  std::shared_ptr<const TlsIdentity> mine = some_identity();
  std::vector<std::pair<int, bool>> seen;
};

struct World {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  unit::State state;
  Switches switches{state.db(), {&sample::manifest, &sample::forgetful, &sample::switchless}};
  Ledger ledger{state.db(), clock};
  FakeSession session;
  unit::FakeTransport net;
  GateDeps deps{net, ledger, switches, session, clock, {{"cloud", {"cloud.vendor.test", 8443, "/base"}}}};
  bool permitted = true;
  Port port{deps, sample::manifest, [this] { return permitted; }};

  World();
  ~World();
  void turn(std::string_view feature, bool on);
  static RawMessage bare();
  static RawMessage report(std::string_view address = "5.6.7.8");
  Result<Answer> send(RawMessage message, SendOptions options = {});
  boost::json::array rows() { return ledger.rows({}); }
};

}  // namespace gate_test
