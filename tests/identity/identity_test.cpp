// Promise R1: bound by the owner's act only; never silently to anyone after a copy.
#include "agent/cloud/identity.hpp"

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>

#include "agent/cloud/orders.hpp"
#include "tests/identity/openssl.hpp"
#include "tests/unit/seeded_rng.hpp"
#include "tests/unit/state.hpp"
#include "tests/unit/virtual_clock.hpp"

using namespace qcloud;

namespace {

constexpr long long born = 1795428000, week = 7 * 86400;

struct World {
  unit::State state;
  unit::Key ca = unit::p256();
  std::unique_ptr<Identity> identity;

  World() { restart("box-1"); }
  void restart(const std::string& hardware) {
    identity.reset();
    state.open();
    identity = std::make_unique<Identity>(state.db(), hardware);
    REQUIRE(identity->load());
  }
  // What EST would answer to this request.
  std::vector<Certificate> issue(const Value<DataClass::public_key>& request, long long from = born,
                                 const std::string& cn = "device-1") {
    auto csr = unit::parse_csr(std::string(request.json().as_string()));
    REQUIRE(csr);
    std::vector<Certificate> all;
    all.emplace_back(unit::certificate(ca.get(), ca.get(), "ca", from, from + 10 * week).release());
    all.emplace_back(
        unit::certificate(X509_REQ_get0_pubkey(csr.get()), ca.get(), cn, from, from + week).release());
    return all;
  }
  void enroll() {
    auto request = identity->begin();
    REQUIRE(request);
    REQUIRE(identity->adopt(issue(*request), from_unix(born), true));
    REQUIRE(identity->describe("anna", "nas1", "nas1.mynas.test", "mynas.test"));
  }
};

}  // namespace

TEST_CASE_FIXTURE(World, "R1 identity: a new box is nobody") {
  CHECK_FALSE(identity->registration.get());
  CHECK_FALSE(identity->set_aside.get());
  CHECK(identity->tls() == nullptr);
  CHECK_FALSE(identity->sign_order("id", "ddns", from_unix(born)));
}

TEST_CASE_FIXTURE(World, "R1 identity: begin() keeps the key in memory; adopt() makes it durable") {
  auto request = identity->begin();
  REQUIRE(request);
  CHECK_FALSE(identity->registration.get());
  CHECK(state.db().number("SELECT count(*) FROM identity") == 0);
  restart("box-1");
  CHECK_FALSE(identity->registration.get());

  enroll();
  auto mine = identity->registration.get();
  REQUIRE(mine);
  CHECK(mine->device_id == "device-1");
  CHECK(mine->account == "anna");
  CHECK(mine->name == "nas1");
  CHECK(mine->fqdn == "nas1.mynas.test");
  CHECK(mine->zone == "mynas.test");
  CHECK(mine->certificate_from == from_unix(born));
  CHECK(mine->certificate_until == from_unix(born + week));
  CHECK(mine->registered == from_unix(born));
  REQUIRE(identity->tls());
  CHECK(mine->thumbprint == unit::jwk_thumbprint(identity->tls()->key()));

  restart("box-1");
  REQUIRE(identity->registration.get());
  CHECK(*identity->registration.get() == *mine);
  CHECK(identity->tls());
}

TEST_CASE_FIXTURE(World, "R1 identity: each begin() makes another key") {
  auto one = identity->begin();
  auto two = identity->begin();
  REQUIRE(one);
  REQUIRE(two);
  CHECK(*one != *two);
  CHECK_FALSE(identity->adopt(issue(*one), from_unix(born), true));  // the key of before is gone
  CHECK_FALSE(identity->registration.get());
}

TEST_CASE_FIXTURE(World, "identity: certificates of others are refused and change nothing") {
  enroll();
  auto before = identity->registration.get();
  auto stranger = unit::p256();
  std::vector<Certificate> foreign;
  foreign.emplace_back(unit::certificate(stranger.get(), ca.get(), "device-2", born, born + week).release());
  auto status = identity->adopt(std::move(foreign), from_unix(born), false);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == "cloud.bad_answer");
  CHECK_FALSE(identity->adopt({}, from_unix(born), false));
  CHECK(identity->registration.get() == before);
  restart("box-1");
  CHECK(identity->registration.get() == before);
}

TEST_CASE_FIXTURE(World, "identity: renewal keeps key, account and name, and moves the dates") {
  enroll();
  auto before = *identity->registration.get();
  auto renewal = identity->renewal();
  REQUIRE(identity->adopt(issue(renewal, born + week / 2), from_unix(born + week / 2), false));
  auto after = *identity->registration.get();
  CHECK(after.thumbprint == before.thumbprint);
  CHECK(after.account == "anna");
  CHECK(after.name == "nas1");
  CHECK(after.registered == before.registered);
  CHECK(after.certificate_until == from_unix(born + week / 2 + week));
  restart("box-1");
  CHECK(*identity->registration.get() == after);
  CHECK(validity(identity->tls()->certificate()).until == born + week / 2 + week);
}

TEST_CASE_FIXTURE(World, "identity: a name that was released is gone after a restart too") {
  enroll();
  REQUIRE(identity->describe("anna", "", "", "mynas.test"));
  CHECK(identity->registration.get()->name.empty());
  restart("box-1");
  CHECK(identity->registration.get()->name.empty());
  CHECK(identity->registration.get()->fqdn.empty());
}

TEST_CASE_FIXTURE(World, "R1 identity: on other hardware it is set aside, and comes back on its own") {
  enroll();
  auto mine = identity->registration.get();
  restart("box-2");
  CHECK_FALSE(identity->registration.get());
  CHECK(identity->set_aside.get());
  CHECK(identity->tls() == nullptr);
  CHECK_FALSE(identity->sign_order("id", "ddns", from_unix(born)));
  restart("box-2");
  CHECK(identity->set_aside.get());
  restart("box-1");
  CHECK(identity->registration.get() == mine);
  CHECK_FALSE(identity->set_aside.get());
}

TEST_CASE_FIXTURE(
    World, "R1 identity: a copy that registers anew is itself, and says no more that it was set aside") {
  enroll();
  auto first = identity->registration.get()->thumbprint;
  restart("box-2");
  REQUIRE(identity->set_aside.get());
  auto request = identity->begin();
  REQUIRE(request);
  REQUIRE(identity->adopt(issue(*request, born, "device-2"), from_unix(born), true));
  REQUIRE(identity->registration.get());
  CHECK(identity->registration.get()->thumbprint != first);
  restart("box-2");
  REQUIRE(identity->registration.get());
  CHECK(identity->registration.get()->device_id == "device-2");
  CHECK_FALSE(identity->set_aside.get());
}

TEST_CASE_FIXTURE(
    World, "R3 identity: remove() ends it, in the caller's transaction, and leaves no key in the table") {
  enroll();
  auto status = state.db().transaction([&]() -> Status {
    if (auto removed = identity->remove(); !removed) return removed;
    return Error{"store.failed", Retry::retry_later, "rolled back", ""};
  });
  CHECK_FALSE(status);
  restart("box-1");
  CHECK(identity->registration.get());

  REQUIRE(identity->remove());
  identity->forget();
  CHECK_FALSE(identity->registration.get());
  CHECK(identity->tls() == nullptr);
  restart("box-1");
  CHECK_FALSE(identity->registration.get());
  CHECK_FALSE(identity->set_aside.get());
  CHECK(state.db().number("SELECT count(*) FROM identity WHERE key_pem != ''") == 0);
}

TEST_CASE_FIXTURE(World,
                  "R1 identity: a damaged one is set aside; the agent starts, nothing is sent with it") {
  for (auto damage : {"UPDATE identity SET key_pem='nonsense'", "UPDATE identity SET certificate_pem=''"}) {
    enroll();
    REQUIRE(state.db().run(damage));
    restart("box-1");
    CHECK_FALSE(identity->registration.get());
    CHECK(identity->set_aside.get());
    CHECK(identity->tls() == nullptr);
    CHECK_FALSE(identity->sign_order("id", "ddns", from_unix(born)));
    restart("box-1");
    CHECK(identity->set_aside.get());
  }
  enroll();
  restart("box-1");
  CHECK(identity->registration.get());
  CHECK_FALSE(identity->set_aside.get());
}

TEST_CASE_FIXTURE(World,
                  "R1 identity: a registration that was begun and given up does not disturb the renewal") {
  enroll();
  auto before = *identity->registration.get();
  auto renewal = identity->renewal();
  auto begun = identity->begin();
  REQUIRE(begun);
  REQUIRE(identity->adopt(issue(renewal, born + 100), from_unix(born + 100), false));
  CHECK(identity->registration.get()->thumbprint == before.thumbprint);
  // And a certificate of the begun key is no renewal.
  CHECK_FALSE(identity->adopt(issue(*begun, born + 200), from_unix(born + 200), false));
  CHECK(identity->registration.get()->thumbprint == before.thumbprint);
}

TEST_CASE_FIXTURE(World, "A5 identity: an order is a JWS of the device key with the agreed members") {
  enroll();
  auto signed_order = identity->sign_order("11111111-2222-4333-8444-555555555555", "ddns", from_unix(born));
  REQUIRE(signed_order);
  CHECK(unit::verifies_es256(identity->tls()->key(), signed_order->request));
  CHECK(signed_order->thumbprint == identity->registration.get()->thumbprint);
  auto jws = signed_order->request;
  auto first = jws.find('.'), second = jws.rfind('.');
  auto header = boost::json::parse(unit::unb64url(jws.substr(0, first))).as_object();
  auto payload = boost::json::parse(unit::unb64url(jws.substr(first + 1, second - first - 1))).as_object();
  CHECK(header.at("alg") == "ES256");
  CHECK(header.at("typ") == "erasure-request+jwt");
  CHECK(header.at("kid").as_string() == signed_order->thumbprint);
  CHECK(header.size() == 3);
  CHECK(payload.at("subject_request_id") == "11111111-2222-4333-8444-555555555555");
  CHECK(payload.at("subject_request_type") == "erasure");
  CHECK(payload.at("device_id") == "device-1");
  CHECK(payload.at("scope").as_array().size() == 1);
  CHECK(payload.at("scope").as_array()[0] == "ddns");
  CHECK(payload.at("submitted_time") == "2026-11-23T10:00:00Z");
  CHECK(payload.size() == 5);
}

TEST_CASE_FIXTURE(World, "A5 orders: filed for a registered box only") {
  boost::asio::io_context io;
  unit::VirtualClock clock(io);
  unit::SeededRng rng(3);
  Outbox outbox(state.db());
  Orders orders(outbox, *identity, rng, "");
  auto none = orders.file("ddns", clock.wall());
  REQUIRE(none);
  CHECK_FALSE(*none);
  enroll();
  auto filed = orders.file("ddns", clock.wall());
  REQUIRE(filed);
  REQUIRE(*filed);
  outbox.refresh();
  auto order = outbox.find(**filed);
  REQUIRE(order);
  CHECK(order->scope == "ddns");
  CHECK(orders.id_of(*order).json().as_string() == order->id);
  CHECK(orders.request_of(*order).json().as_string() == order->request);
  CHECK(unit::verifies_es256(identity->tls()->key(), order->request));
}
