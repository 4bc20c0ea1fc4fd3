// Owners who change: bound already, removed on the account's page, moved to other hardware, damaged,
// not set up. Nobody is bound silently, and nothing of the one before goes on (promises R1, R3, A5).
#include <doctest/doctest.h>
#include <boost/json/serialize.hpp>

#include "agent/app/status.hpp"
#include "agent/store/meta.hpp"
#include "tests/app/box_world.hpp"

using namespace qcloud;
namespace json = boost::json;

namespace {

struct World : unit::BoxWorld {
  unit::Key vendor = unit::ed25519();

  World() {
    vendor_key = unit::public_pem(vendor.get());
    make();
  }
  void found_by_name() {
    registered();
    REQUIRE(start());
    REQUIRE(call("PUT", "/v1/features/ddns", {{"on", true}}));
    clock.advance(minutes(1));
  }
  std::string receipt(const std::string& thumbprint, const char* scope = "registration") {
    auto now = to_rfc3339(clock.wall());
    json::object payload{
        {"sub", thumbprint},
        {"iat", unix_seconds(clock.wall())},
        {"subject_request_id", "removal-1"},
        {"scope", json::array{scope}},
        {"submitted_time", now},
        {"status", "completed"},
        {"stores", json::array{json::object{{"name", "devices"},
                                            {"deleted_at", now},
                                            {"backup_expires_at", to_rfc3339(clock.wall() + days(90))}}}},
        {"retained", json::array{}}};
    return unit::sign_eddsa(vendor.get(), R"({"alg":"EdDSA","typ":"erasure-receipt+jwt"})",
                            json::serialize(payload));
  }
  void tell_removed(const std::string& jws) {
    auto answer = unit::answer(
        410,
        R"({"type":"urn:qcloud:problem:device-removed","title":"t","status":410,"receipt":")" + jws + "\"}",
        "application/problem+json");
    answer.date = clock.wall();
    agent->session.observe(answer, true);
    clock.advance(seconds(5));
  }
  std::string thumbprint() { return agent->identity.registration.get()->thumbprint; }
  std::string registration() { return std::string(status_of(*agent).at("registration").as_string()); }
  bool shows(const char* code) {
    auto status = status_of(*agent);
    for (const auto& condition : status.at("health").as_array())
      if (condition.at("code") == code) return true;
    return false;
  }
  std::int64_t identities() { return state.db().number("SELECT count(*) FROM identity"); }
};

}  // namespace

TEST_CASE_FIXTURE(World, "R1: a bound box refuses to be bound, says whom it belongs to and what to do") {
  registered();
  REQUIRE(start());
  auto answer = call("POST", "/v1/registration");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().detail.find("anna") != std::string::npos);
  CHECK(answer.error().fix.find("qcloud unregister") != std::string::npos);
  CHECK(net.requests.empty());
}

TEST_CASE_FIXTURE(World, "R3: removed with a receipt that holds: nothing of the registration stays") {
  found_by_name();
  auto jws = receipt(thumbprint());
  auto asked = net.requests.size();
  tell_removed(jws);
  CHECK(identities() == 0);
  CHECK_FALSE(agent->session.identity());
  CHECK_FALSE(agent->switches.any_on());
  CHECK(agent->switches.remembered().empty());
  CHECK(registration() == "unregistered");
  CHECK(shows("device_removed"));
  CHECK_FALSE(shows("not_registered"));
  auto receipts = call("GET", "/v1/receipts");
  REQUIRE(receipts->body.at("receipts").as_array().size() == 1);
  CHECK(receipts->body.at("receipts").at(0).at("status") == "verified");
  CHECK(receipts->body.at("receipts").at(0).at("receipt").as_string() == jws);
  clock.advance(days(30));
  CHECK(net.requests.size() == asked);
  // What the previous owner was called is not told to the next.
  CHECK(json::serialize(status_of(*agent)).find("anna") == std::string::npos);
  // Said until the owner takes it down, or registers.
  stop();
  state.open();
  make();
  REQUIRE(start());
  CHECK(shows("device_removed"));
  auto taken_down = call("DELETE", "/v1/registration");
  REQUIRE(taken_down);
  CHECK(taken_down->body.at("order").is_null());
  CHECK_FALSE(shows("device_removed"));
  CHECK(shows("not_registered"));
}

TEST_CASE_FIXTURE(World, "R3: removed without a receipt that holds: quiet, and nothing is destroyed") {
  found_by_name();
  auto thumb = thumbprint();
  auto other_vendor = unit::ed25519();
  auto forged = receipt(thumb);
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  for (const auto& bad :
       {std::string("eyJ.re.ceipt"), forged, receipt("another-box"), receipt(thumb, "ddns")}) {
    tell_removed(bad);
    CHECK(identities() == 1);
    CHECK(agent->switches.on("ddns"));
    CHECK(registration() == "removed");
    CHECK(shows("removal_unproved"));
    CHECK_FALSE(shows("device_removed"));
  }
  auto asked = net.requests.size();
  clock.advance(days(30));
  CHECK(net.requests.size() == asked);
  CHECK(state.db().number("SELECT count(*) FROM orders") == 0);
}

TEST_CASE_FIXTURE(World, "A5: a removal settles the orders of that registration, and leaves others alone") {
  found_by_name();
  REQUIRE(call("PUT", "/v1/features/ddns", {{"on", false}}));
  CHECK(agent->outbox.open.get().size() == 1);
  Order foreign;
  foreign.id = "foreign";
  foreign.scope = "registration";
  foreign.thumbprint = "of another life";
  foreign.submitted = clock.wall();
  REQUIRE(agent->outbox.file(foreign));
  agent->outbox.refresh();
  tell_removed(receipt(thumbprint()));
  REQUIRE(agent->outbox.open.get().size() == 1);
  CHECK(agent->outbox.open.get()[0].id == "foreign");
}

TEST_CASE_FIXTURE(World, "R1: unregister throws every switch off, and what online would bring back") {
  found_by_name();
  REQUIRE(call("POST", "/v1/offline"));
  REQUIRE(call("DELETE", "/v1/registration"));
  CHECK_FALSE(agent->switches.any_on());
  REQUIRE(call("POST", "/v1/online"));
  CHECK_FALSE(agent->switches.any_on());
}

TEST_CASE_FIXTURE(World, "R3: the key that visitors met, and who they were, go with the registration") {
  found_by_name();
  REQUIRE(call("PUT", "/v1/link/services/plain", {{"port", 8080}, {"tls", "here"}}));
  auto listed = call("GET", "/v1/link/services");
  REQUIRE(listed);
  auto shown = std::string(listed->body.at("certificate_sha256").as_string());
  CHECK(shown.size() == 64);
  CHECK(get_meta(state.db(), "box_certificate"));
  agent->link.record({clock.wall(), "plain", "5.6.7.99", seconds(1), 10, 20, "served"});
  CHECK(agent->link.visitors_json().size() == 1);
  REQUIRE(call("DELETE", "/v1/registration"));
  CHECK_FALSE(get_meta(state.db(), "box_certificate"));
  CHECK(agent->link.visitors_json().empty());
  CHECK(agent->link.state_json().at("visits") == 0);
  listed = call("GET", "/v1/link/services");
  REQUIRE(listed);
  CHECK(listed->body.at("certificate_sha256") == "");
  CHECK(listed->body.at("services").as_array().empty());
}

TEST_CASE_FIXTURE(World,
                  "link: what is wrong with a service is the owner's to mend, and no fault of the agent") {
  REQUIRE(start());
  auto wrong = [&](const char* method, const std::string& name, boost::json::object body) {
    auto answer = call(method, "/v1/link/services/" + name, std::move(body));
    REQUIRE_FALSE(answer);
    return answer.error().code;
  };
  CHECK(wrong("PUT", "Bad_Name", {{"port", 80}}) == "link.service_invalid");
  CHECK(wrong("PUT", "web", {{"port", 80}, {"address", "192.168.1.9"}}) == "link.service_invalid");
  CHECK(wrong("DELETE", "nobody", {}) == "link.no_service");
  // Loopback has many spellings, and one that is kept.
  for (const auto* address : {"::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"})
    REQUIRE(call("PUT", "/v1/link/services/" + std::string(address[0] == ':' ? "four" : "six"),
                 {{"port", 80}, {"address", address}}));
  REQUIRE(agent->link.services.get().size() == 2);
  CHECK(agent->link.services.get()[0].address == "127.0.0.1");
  CHECK(agent->link.services.get()[1].address == "::1");
}

TEST_CASE_FIXTURE(World,
                  "R1: what was off, and could not be written so, is off for the next registration as well") {
  found_by_name();
  agent->switches.keep_off("ddns");
  clock.advance(seconds(1));
  REQUIRE(call("DELETE", "/v1/registration"));
  CHECK(state.db().number("SELECT count(*) FROM switches WHERE is_on=1") == 0);
}

TEST_CASE_FIXTURE(World, "R1: a new registration begins with every switch off") {
  REQUIRE(start());
  REQUIRE(call("PUT", "/v1/features/ddns", {{"on", true}}));
  (void)call("POST", "/v1/registration");
  CHECK_FALSE(agent->switches.any_on());
}

TEST_CASE_FIXTURE(World,
                  "R1: disks moved: set aside and silent; register or unregister destroys the old identity") {
  found_by_name();
  stop();
  state.open();
  box.set_hardware("another box");
  make();
  auto asked = net.requests.size();
  REQUIRE(start());
  CHECK(registration() == "set_aside");
  CHECK(shows("identity_set_aside"));
  clock.advance(days(3));
  CHECK(net.requests.size() == asked);
  CHECK(identities() == 1);
  SUBCASE("unregister") {
    REQUIRE(call("DELETE", "/v1/registration"));
    CHECK(identities() == 0);
    CHECK(shows("not_registered"));
  }
  SUBCASE("register") {
    registered();
    CHECK(identities() == 1);
    CHECK(state.db().text("SELECT slot FROM identity") == "current");
    CHECK(registration() == "registered");
  }
}

TEST_CASE_FIXTURE(World, "a damaged state is said until the next registration") {
  REQUIRE(set_meta(state.db(), note_damaged, "/var/lib/qcloud/state.db.damaged-1"));
  REQUIRE(start());
  CHECK(shows("state_damaged"));
  CHECK(shows("not_registered"));
  registered();
  CHECK_FALSE(shows("state_damaged"));
}

TEST_CASE_FIXTURE(World, "a box that is not set up takes no decision that it could not keep") {
  box.platform().initialized = false;
  box.platform().set_up = "There is no storage volume.";
  REQUIRE(start());
  CHECK(shows("not_set_up"));
  for (auto [method, target, body] : {std::tuple("POST", "/v1/registration", json::object{}),
                                      std::tuple("PUT", "/v1/features/ddns", json::object{{"on", true}}),
                                      std::tuple("POST", "/v1/online", json::object{})}) {
    auto answer = call(method, target, body);
    REQUIRE_FALSE(answer);
    CHECK(status_of(answer.error()) == 409);
    CHECK(answer.error().detail.find("no storage volume") != std::string::npos);
  }
  CHECK(call("PUT", "/v1/features/ddns", {{"on", false}}));
}
