// The doctor at work: what it asks, of whom, and only while the owner's command runs (promise A1).
#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>

#include "agent/app/bundle.hpp"
#include "tests/app/box_world.hpp"

using namespace qcloud;

namespace {

struct World : unit::BoxWorld {
  World() {
    net.on_exchange = [this](HttpRequest request, Meter&) { return way(std::move(request)); };
    net.on_lookup = [this](const std::string& name, Family) {
      LookupAnswer answer;
      answer.server = "192.168.1.1:53";
      answer.status = name == "nas1.mynas.test" ? DnsStatus::ok : DnsStatus::no_name;
      if (answer.status == DnsStatus::ok) answer.addresses = {seen_here};
      return answer;
    };
  }
  Task<unit::FakeTransport::Reply> way(HttpRequest request) {
    if (request.plain) co_return unit::answer(204, "", "");
    if (dead) {
      co_await clock.sleep_until(request.deadline);
      co_return Error{"net.timeout", Retry::retry_soon, "The cloud does not answer.", ""};
    }
    if (request.trace) {
      request.trace->addresses = {"9.9.9.20"};
      request.trace->dns_status = DnsStatus::ok;
      request.trace->rtt = request.trace->connect = request.trace->tls = Millis(20);
      request.trace->retransmits = 0;
    }
    if (request.target.starts_with("/.well-known/")) co_return unit::answer(200, "{}");
    co_return co_await cloud(std::move(request));
  }
  // The doctor's answer, and how long it took.
  boost::json::object examine() {
    auto began = clock.now();
    auto running = unit::start(io, run_doctor(*agent));
    for (int i = 0; i < 400 && !running.ended(); ++i) clock.advance(Millis(100));
    took = clock.now() - began;
    REQUIRE(running.returned());
    return running.value();
  }
  std::string severity(const boost::json::object& found, std::string_view code) {
    for (const auto& check : found.at("checks").as_array())
      if (check.at("code").as_string() == boost::json::string_view(code.data(), code.size()))
        return std::string(check.at("severity").as_string());
    return "";
  }
  bool dead = false;
  std::string seen_here = "5.6.7.8";
  Millis took{0};
};

}  // namespace

TEST_CASE("A1 doctor: an unregistered box with everything off asks without a certificate, and only now") {
  World w;
  REQUIRE(w.start());
  CHECK(w.net.requests.empty());
  CHECK_FALSE(w.agent->doctor_port.permitted());
  auto found = w.examine();
  CHECK(w.severity(found, "not_registered") == "info");
  CHECK(w.severity(found, "cloud_ok") == "ok");
  CHECK(w.severity(found, "sign_in_none") == "ok");
  REQUIRE(w.net.requests.size() == 2);
  for (const auto& request : w.net.requests) {
    CHECK(request.identity == nullptr);
    CHECK(request.body.empty());
    CHECK((request.target == "/.well-known/oauth-authorization-server" || request.target == "/generate_204"));
    CHECK(request.plain == (request.target == "/generate_204"));
  }
  CHECK(w.net.lookups == std::vector<std::string>{"does-not-exist.invalid"});
  CHECK_FALSE(w.agent->doctor_port.permitted());
  CHECK(w.net.drained > 0);
  // What it sent stands in the ledger, as all that leaves.
  auto rows = w.agent->ledger.rows({"doctor", 0, 0, 100});
  CHECK(rows.size() == 2);
}

TEST_CASE("doctor: a registered box learns how the cloud stands to it, and what its name says here") {
  World w;
  w.registered();
  REQUIRE(w.start());
  w.published = "5.6.7.8";
  auto found = w.examine();
  CHECK(w.severity(found, "certificate_ok") == "ok");
  CHECK(w.severity(found, "name_ok") == "ok");
  CHECK(w.net.lookups.front() == "nas1.mynas.test");
  w.seen_here = "192.168.1.66";
  CHECK(w.severity(w.examine(), "name_private_answer") == "warning");
  CHECK(w.agent->examined.has_value());
}

TEST_CASE("doctor: a dead network is told of within 30 seconds, and no news of it gets into the status") {
  World w;
  w.registered();
  w.box.set_addresses({"192.168.1.5", "2a0b:1::5"});
  w.dead = true;
  REQUIRE(w.start());
  auto found = w.examine();
  CHECK(w.took <= seconds(30));
  CHECK(w.severity(found, "standing_unknown") == "skipped");
  CHECK_FALSE(w.agent->session.contact.get().trouble.has_value());
}

TEST_CASE("doctor: without a route the web proxy in the own network is asked, where one is set") {
  World w;
  w.box.set_routes(false, false);
  REQUIRE(w.start());
  CHECK(w.severity(w.examine(), "no_route") == "error");
  CHECK(w.net.requests.empty());
  REQUIRE(w.agent->settings.set("proxy.url", "http://192.168.1.9:3128"));
  CHECK(w.severity(w.examine(), "network_ok") == "ok");
  CHECK_FALSE(w.net.requests.empty());
}

TEST_CASE("doctor: without a route nothing is sent") {
  World w;
  w.box.set_addresses({});
  REQUIRE(w.start());
  auto found = w.examine();
  CHECK(w.severity(found, "no_route") == "error");
  CHECK(w.net.requests.empty());
  CHECK(w.net.lookups.empty());
  CHECK(w.net.datagrams.empty());
}

TEST_CASE("doctor: remembers when addresses changed, and forgets after ten minutes") {
  World w;
  REQUIRE(w.start());
  for (int i = 0; i < 6; ++i) {
    w.box.set_addresses({i % 2 ? "5.6.7.8" : "5.6.7.9"});
    w.clock.advance(seconds(20));
  }
  CHECK(w.severity(w.examine(), "address_flapping") == "warning");
  w.clock.advance(minutes(11));
  CHECK(w.severity(w.examine(), "address_flapping") == "");
}
