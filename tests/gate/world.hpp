// A port over a fake network, for the tests of the gate.
#pragma once

#include <doctest/doctest.h>

#include "agent/gate/gate.hpp"
#include "agent/gate/mint.hpp"
#include "agent/net/tls_identity.hpp"
#include "tests/gate/sample.hpp"
#include "tests/unit/fake_transport.hpp"
#include "tests/unit/loop.hpp"
#include "tests/unit/seeded_rng.hpp"
#include "tests/unit/state.hpp"
#include "tests/unit/virtual_clock.hpp"

namespace gate_test {
using namespace qcloud;

inline std::shared_ptr<const TlsIdentity> some_identity() {
  struct Free {
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(X509* p) const { X509_free(p); }
  };
  std::unique_ptr<EVP_PKEY, Free> key(EVP_EC_gen("P-256"));
  std::unique_ptr<X509, Free> certificate(X509_new());
  return std::make_shared<TlsIdentity>(key.get(), certificate.get());
}

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

  World() {
    REQUIRE(ledger.start("boot-1"));
    turn("sample", true);
    net.replies.push_back(unit::answer(200, "{}"));
  }
  void turn(std::string_view feature, bool on) {
    REQUIRE(switches.write(feature, on, clock.wall()));
    switches.refresh();
  }
  static RawMessage bare() { return Compose<sample::manifest, "bare">().done().release(); }
  static RawMessage report(std::string_view address = "5.6.7.8") {
    auto value = Mint::text<DataClass::public_address>(address);
    return Compose<sample::manifest, "json">()
        .set<"ipv4">(value)
        .none<"ipv6", DataClass::public_address>()
        .done()
        .release();
  }
  Result<Answer> send(RawMessage message, SendOptions options = {}) {
    return unit::finish(io, port.send(std::move(message), options));
  }
  boost::json::array rows() { return ledger.rows({}); }
};

}  // namespace gate_test
