#include "tests/gate/world.hpp"

#include "agent/gate/mint.hpp"

namespace gate_test {

std::shared_ptr<const TlsIdentity> some_identity() {
  struct Free {
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(X509* p) const { X509_free(p); }
  };
  std::unique_ptr<EVP_PKEY, Free> key(EVP_EC_gen("P-256"));
  std::unique_ptr<X509, Free> certificate(X509_new());
  return std::make_shared<TlsIdentity>(key.get(), certificate.get());
}

World::World() {
  REQUIRE(ledger.start("boot-1"));
  turn("sample", true);
  net.replies.push_back(unit::answer(200, "{}"));
}
World::~World() = default;

void World::turn(std::string_view feature, bool on) {
  REQUIRE(switches.write(feature, on, clock.wall()));
  switches.refresh();
}

RawMessage World::bare() { return Compose<sample::manifest, "bare">().done().release(); }

RawMessage World::report(std::string_view address) {
  auto value = Mint::text<DataClass::public_address>(address);
  return Compose<sample::manifest, "json">()
      .set<"ipv4">(value)
      .none<"ipv6", DataClass::public_address>()
      .done()
      .release();
}

Result<Answer> World::send(RawMessage message, SendOptions options) {
  return unit::finish(io, port.send(std::move(message), options));
}

}  // namespace gate_test
