// Resumed TLS sessions: cheaper, and never shared.
#include <cstdio>

#include "tests/net/world.hpp"

using namespace net_test;

namespace {

struct ResumeWorld : World {
  std::vector<bool> resumed;
  std::vector<std::string> clients;
  Issued box = issue({"device-1", ""}, &ca), other = issue({"device-2", ""}, &ca);
  std::shared_ptr<const TlsIdentity> one =
      std::make_shared<TlsIdentity>(box.key.get(), box.certificate.get());
  std::shared_ptr<const TlsIdentity> two =
      std::make_shared<TlsIdentity>(other.key.get(), other.certificate.get());
  Server server{{&host, &ca}, [this](Talk& talk) {
                  if (!talk.secure() || talk.request().empty()) return;
                  resumed.push_back(talk.resumed());
                  clients.push_back(talk.client());
                  talk.write(answer());
                }};
  bool again(std::shared_ptr<const TlsIdentity> identity, Rows* as = nullptr) {
    auto request = to(server.port());
    request.identity = std::move(identity);
    REQUIRE(send(std::move(request), as ? *as : meter));
    return resumed.back();
  }
};

}  // namespace

TEST_CASE_FIXTURE(ResumeWorld, "tls: a session is resumed, by its feature and identity alone") {
  CHECK_FALSE(again(one));
  CHECK(again(one));
  CHECK(clients.back() == "device-1");
  CHECK(trace->peer_issuer == "CN = Vendor Root");  // known without a certificate on the wire
  CHECK(again(one));                                // each use gives the next
  CHECK_FALSE(again(two));
  CHECK(clients.back() == "device-2");
  CHECK_FALSE(again(nullptr));
  CHECK(clients.back() == "");
  Rows feature;
  CHECK_FALSE(again(one, &feature));
  CHECK(again(one, &feature));
  CHECK(again(one));
  CHECK(again(two));
  CHECK(again(nullptr));
}

TEST_CASE_FIXTURE(ResumeWorld, "A1 tls: a feature that falls silent leaves no session behind") {
  Rows feature;
  CHECK_FALSE(again(one));
  CHECK_FALSE(again(one, &feature));
  run(client.drain(meter));
  CHECK_FALSE(again(one));
  CHECK(again(one, &feature));
}

TEST_CASE_FIXTURE(ResumeWorld, "tls: no session outlives the certificate that was verified for it") {
  CHECK_FALSE(again(one));
  CHECK(again(one));
  floor = from_unix(std::time(nullptr) + 2 * 86400);  // time that has certainly passed
  auto request = to(server.port());
  request.identity = one;
  CHECK(code(send(std::move(request))) == "net.tls_time");
}

TEST_CASE_FIXTURE(ResumeWorld, "tls: what resuming saves") {
  for (const auto& identity : {one, std::shared_ptr<const TlsIdentity>()}) {
    again(identity);
    auto full = meter.rows[meter.last];
    CHECK(again(identity));
    auto saved = meter.rows[meter.last];
    std::printf("%s certificate: full %llu out %llu in, resumed %llu out %llu in\n",
                identity ? "with" : "without", (unsigned long long)full.out, (unsigned long long)full.in,
                (unsigned long long)saved.out, (unsigned long long)saved.in);
    CHECK(saved.out + saved.in < (full.out + full.in) * 3 / 4);
  }
  auto seen = server.seen();
  for (std::size_t i = 0; i < seen.size(); ++i) {
    CHECK(seen[i].in == meter.rows[std::int64_t(i) + 1].out);
    CHECK(seen[i].out == meter.rows[std::int64_t(i) + 1].in);
  }
}

TEST_CASE("tls: sessions of an identity that is gone are thrown away") {
  TlsSessions sessions;
  Rows a;
  auto made = [] { return TlsSessions::Session(SSL_SESSION_new()); };
  Issued box = issue({"x", ""}, nullptr);
  auto identity = std::make_shared<const TlsIdentity>(box.key.get(), box.certificate.get());
  sessions.keep({&a, "h:1", identity}, made());
  sessions.keep({&a, "h:1", identity}, made());
  CHECK(sessions.size() == 1);
  CHECK_FALSE(sessions.take({&a, "h:2", identity}));
  identity.reset();
  sessions.keep({&a, "h:1", nullptr}, made());
  CHECK(sessions.size() == 1);
  CHECK(sessions.take({&a, "h:1", nullptr}));
  CHECK_FALSE(sessions.take({&a, "h:1", nullptr}));
}
