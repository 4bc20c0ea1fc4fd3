// The owner's acts on a whole agent, through the table of the local API.
#include <doctest/doctest.h>
#include <boost/json/serialize.hpp>

#include "agent/app/status.hpp"
#include "agent/control/api.hpp"
#include "tests/app/box_world.hpp"

using namespace qcloud;

using World = unit::BoxWorld;

TEST_CASE_FIXTURE(World, "A1 agent: a new box says nothing at all, for a year") {
  REQUIRE(start());
  for (int i = 0; i < 365; ++i) clock.advance(hours(24));
  CHECK(net.requests.empty());
  CHECK(net.datagrams.empty());
}

TEST_CASE_FIXTURE(World,
                  "A1 agent: registered with every switch off it says nothing either, not even to renew") {
  registered();
  REQUIRE(start());
  for (int i = 0; i < 60; ++i) clock.advance(hours(24));
  CHECK(net.requests.empty());
  CHECK(net.datagrams.empty());
}

TEST_CASE_FIXTURE(World, "R2 agent: the status has every member that is documented, registered or not") {
  REQUIRE(start());
  for (int round = 0; round < 2; ++round) {
    auto answer = call("GET", "/v1/status");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    for (auto name : {"schema", "version", "registered", "registration", "account", "device_id", "name",
                      "reach", "reason", "health", "features", "orders_pending", "orders", "last_contact",
                      "offline", "disks_may_sleep"}) {
      CAPTURE(std::string(name));
      CHECK(answer->body.contains(name));
    }
    CHECK(answer->body.at("registered") == (round == 1));
    CHECK(boost::json::serialize(answer->body).find("PRIVATE") == std::string::npos);
    if (round == 0) registered();
  }
}

TEST_CASE_FIXTURE(World, "A1 L1 agent: on reports the address once; off is silent for good") {
  registered();
  REQUIRE(start());
  auto on = call("PUT", "/v1/features/ddns", {{"on", true}});
  REQUIRE(on);
  CHECK(on->body.at("on") == true);
  CHECK(on->body.at("changed") == true);
  clock.advance(minutes(10));
  CHECK(sent("/v1/ddns") == 1);
  clock.advance(hours(20));
  CHECK(sent("/v1/ddns") == 1);  // nothing has changed: no no-op report

  auto again = call("PUT", "/v1/features/ddns", {{"on", true}});
  REQUIRE(again);
  CHECK(again->body.at("changed") == false);

  auto off = call("PUT", "/v1/features/ddns?wait=0", {{"on", false}});
  REQUIRE(off);
  CHECK(off->body.at("on") == false);
  REQUIRE(off->body.at("order").is_object());
  CHECK(off->body.at("order").at("status") == "order filed");
  net.requests.clear();
  clock.advance(hours(72));
  for (auto& request : net.requests) CHECK(request.target.starts_with("/v1/erasure-requests"));
  CHECK_FALSE(net.requests.empty());  // the one exception: the order is still pending
}

TEST_CASE_FIXTURE(
    World,
    "A5 agent: off files one order that survives a kill; a feature that never sent anything files none") {
  registered();
  REQUIRE(start());
  auto never = call("PUT", "/v1/features/ddns", {{"on", false}});
  REQUIRE(never);
  CHECK(never->body.at("order").is_null());
  REQUIRE(call("PUT", "/v1/features/ddns", {{"on", true}}));
  clock.advance(minutes(10));
  REQUIRE(call("PUT", "/v1/features/ddns", {{"on", false}}));
  CHECK(state.db().number("SELECT count(*) FROM orders WHERE scope='ddns' AND receipt IS NULL") == 1);
  auto twice = call("PUT", "/v1/features/ddns", {{"on", false}});
  REQUIRE(twice);
  CHECK(twice->body.at("changed") == false);
  CHECK(state.db().number("SELECT count(*) FROM orders") == 1);
  auto receipts = call("GET", "/v1/receipts");
  REQUIRE(receipts);
  REQUIRE(receipts->body.at("receipts").as_array().size() == 1);
  CHECK(receipts->body.at("receipts").as_array()[0].at("status") == "pending");
  CHECK(receipts->body.at("receipts").as_array()[0].at("verified") == false);
  auto id = std::string(receipts->body.at("receipts").as_array()[0].at("id").as_string());
  auto rest = call("GET", "/v1/receipts?limit=1&after=" + id);
  REQUIRE(rest);
  CHECK(rest->body.at("receipts").as_array().empty());
}

TEST_CASE_FIXTURE(World, "A1 agent: offline switches all off and remembers; online brings back what was on") {
  registered();
  REQUIRE(start());
  REQUIRE(call("PUT", "/v1/features/ddns", {{"on", true}}));
  clock.advance(minutes(10));
  auto off = call("POST", "/v1/offline");
  REQUIRE(off);
  CHECK_FALSE(agent->switches.any_on());
  CHECK(call("GET", "/v1/status")->body.at("offline") == true);
  auto on = call("POST", "/v1/online");
  REQUIRE(on);
  CHECK(agent->switches.on("ddns"));
  CHECK(call("GET", "/v1/status")->body.at("offline") == false);
}

TEST_CASE_FIXTURE(World, "A3 agent: what left stands in the ledger, and no field's value with it") {
  registered();
  REQUIRE(start());
  REQUIRE(call("PUT", "/v1/features/ddns", {{"on", true}}));
  clock.advance(minutes(10));
  auto ledger = call("GET", "/v1/ledger?feature=ddns");
  REQUIRE(ledger);
  size_t messages = 0;
  for (auto& row : ledger->body.at("rows").as_array()) messages += row.at("kind") == "message";
  CHECK(messages == net.requests.size() + net.datagrams.size());
  auto of_enroll = call("GET", "/v1/ledger?feature=enroll");
  for (auto& row : of_enroll->body.at("rows").as_array()) CHECK(row.at("kind") == "message");
}

TEST_CASE_FIXTURE(World, "agent: refusals have the documented codes") {
  REQUIRE(start());
  auto refused = [&](const std::string& method, const std::string& target, boost::json::object body,
                     const std::string& code) {
    CAPTURE(method + " " + target);
    auto answer = call(method, target, std::move(body));
    boost::json::object problem;
    int status = 0;
    if (!answer) {
      status = status_of(answer.error());
      problem = problem_of(answer.error(), status);
    } else {
      status = answer->status;
      problem = answer->body;
    }
    CHECK(status >= 400);
    REQUIRE(problem.contains("type"));
    CHECK(problem.at("type").as_string() == "urn:qcloud:problem:" + code);
  };
  refused("DELETE", "/v1/registration", {}, "not-registered");
  refused("PUT", "/v1/features/nobody", {{"on", true}}, "not-found");
  refused("PUT", "/v1/features/enroll", {{"on", true}}, "no-switch");
  refused("PUT", "/v1/features/ddns", {}, "invalid-request");
  refused("PUT", "/v1/features/ddns", {{"on", "yes"}}, "invalid-request");
  refused("PUT", "/v1/name", {{"name", "nas1"}, {"mode", "claim"}}, "not-registered");
  refused("PUT", "/v1/name", {{"name", "nas1"}, {"mode", "steal"}}, "invalid-request");
  refused("POST", "/v1/data/erase", {}, "invalid-request");  // everything is erased only by a plain null
  refused("POST", "/v1/data/erase", {{"feature", 7}}, "invalid-request");
  refused("POST", "/v1/data/erase", {{"feature", ""}}, "invalid-request");
  refused("GET", "/v1/data", {}, "not-registered");
  refused("GET", "/v1/receipts/nothing", {}, "not-found");
  refused("GET", "/v1/receipts?limit=0", {}, "invalid-request");
  refused("GET", "/v1/manifest/nobody", {}, "not-found");
  refused("GET", "/v1/ledger?limit=x", {}, "invalid-request");
  refused("GET", "/v1/ledger?limit=0", {}, "invalid-request");
  refused("GET", "/v1/ledger?limit=1001", {}, "invalid-request");
  refused("GET", "/v1/ledger?since=yesterday", {}, "invalid-request");
  refused("GET", "/v1/ledger?after=-1", {}, "invalid-request");
  refused("GET", "/v1/ledger/summary?since=yesterday", {}, "invalid-request");
  CHECK(net.requests.empty());
}

TEST_CASE_FIXTURE(World, "R1 agent: a registered box is never bound anew, nor asks for a code") {
  registered();
  REQUIRE(start());
  auto answer = call("POST", "/v1/registration");
  if (answer) {
    CHECK(answer->status == 409);
  } else {
    CHECK(problem_of(answer.error(), 409).at("type") == "urn:qcloud:problem:already-registered");
    CHECK(status_of(answer.error()) == 409);
  }
  CHECK(net.requests.empty());
}

TEST_CASE_FIXTURE(World, "A4 agent: the manifest shows every feature, host, message and field") {
  REQUIRE(start());
  auto answer = call("GET", "/v1/manifest");
  REQUIRE(answer);
  auto& features = answer->body.at("features").as_array();
  REQUIRE(features.size() == all_manifests().size());
  for (size_t i = 0; i < features.size(); ++i) {
    const auto& manifest = *all_manifests()[i];
    CHECK(features[i].at("messages").as_array().size() == manifest.messages.size());
    auto& host = features[i].at("hosts").as_array()[0];
    bool relay = host.at("role") == "relay";  // this configuration names none
    CHECK(host.at("host") == (relay ? boost::json::value(nullptr) : boost::json::value("cloud.vendor.test")));
    for (size_t m = 0; m < manifest.messages.size(); ++m)
      CHECK(features[i].at("messages").as_array()[m].at("fields").as_array().size() ==
            manifest.messages[m].fields.size());
  }
}
