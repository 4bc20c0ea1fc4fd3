// Promises A1, A2, A3 at the one way out.
#include <algorithm>
#include <boost/json/serialize.hpp>

#include "agent/gate/mint.hpp"
#include "tests/gate/world.hpp"

using namespace gate_test;

TEST_CASE_FIXTURE(World, "A1 gate: a feature that is off reaches no transport, and leaves no row") {
  permitted = false;
  auto answer = send(bare());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == "gate.switched_off");
  CHECK(answer.error().retry == Retry::wait_for_owner);
  CHECK(net.requests.empty());
  CHECK(rows().empty());
  auto probe = unit::finish(io, port.probe(Compose<sample::manifest, "probe">().done().release(), {}));
  REQUIRE_FALSE(probe);
  CHECK(probe.error().code == "gate.switched_off");
  CHECK(net.datagrams.empty());
  CHECK(rows().empty());
}

TEST_CASE_FIXTURE(World, "A1 gate: the permit is asked at every send, not once") {
  CHECK(send(bare()));
  permitted = false;
  CHECK_FALSE(send(bare()));
  permitted = true;
  CHECK(send(bare()));
  CHECK(net.requests.size() == 2);
}

TEST_CASE_FIXTURE(World, "A3 gate: the row is in the ledger before the transport is called") {
  bool looked = false;
  net.on_exchange = [&](HttpRequest request, Meter&) -> Task<unit::FakeTransport::Reply> {
    auto all = rows();
    REQUIRE(all.size() == 1);
    const auto& row = all[0].as_object();
    CHECK(row.at("kind") == "message");
    CHECK(row.at("feature") == "sample");
    CHECK(row.at("purpose") == "send a report");
    CHECK(row.at("host") == "cloud.vendor.test");
    CHECK(row.at("id").as_int64() == request.message);
    CHECK(boost::json::serialize(row.at("fields")).find("ipv4") != std::string::npos);
    CHECK(boost::json::serialize(row).find("5.6.7.8") ==
          std::string::npos);  // which fields, not their values
    looked = true;
    co_return unit::answer(200, "{}");
  };
  CHECK(send(report()));
  CHECK(looked);
}

TEST_CASE_FIXTURE(World, "A3 gate: what the ledger cannot record is not sent") {
  REQUIRE(state.db().run("DROP TABLE spool.ledger"));
  auto answer = send(report());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code.rfind("store.", 0) == 0);
  CHECK(net.requests.empty());
  CHECK_FALSE(unit::finish(io, port.probe(Compose<sample::manifest, "probe">().done().release(), {})));
  CHECK(net.datagrams.empty());
}

TEST_CASE_FIXTURE(World,
                  "A5 gate: that the cloud may hold something is on the disk before the first byte leaves") {
  CHECK_FALSE(switches.holds("sample"));
  bool looked = false;
  net.on_exchange = [&](HttpRequest, Meter&) -> Task<unit::FakeTransport::Reply> {
    CHECK(switches.holds("sample"));
    CHECK(state.db().number("SELECT holds FROM switches WHERE feature='sample'") == 1);
    looked = true;
    co_return Error{"net.timeout", Retry::retry_soon, "cut off in the middle", ""};
  };
  CHECK_FALSE(send(report()));
  CHECK(looked);
  CHECK(switches.holds("sample"));  // the answer was lost; the report may have arrived
}

TEST_CASE_FIXTURE(World, "A5 gate: what could not be found again marks nothing") {
  Port forgetful(deps, sample::forgetful, [] { return true; });
  turn("forgetful", true);
  auto message = Compose<sample::forgetful, "bare">().done().release();
  CHECK(unit::finish(io, forgetful.send(std::move(message), {})));
  CHECK_FALSE(switches.holds("forgetful"));
}

TEST_CASE_FIXTURE(World,
                  "A7 gate: goes to the configured host of the role, with the base path, and nowhere else") {
  CHECK(send(bare()));
  REQUIRE(net.requests.size() == 1);
  const auto& request = net.requests[0];
  CHECK(request.host == "cloud.vendor.test");
  CHECK(request.port == 8443);
  CHECK(request.method == "GET");
  CHECK(request.target == "/base/v1/bare");
  CHECK(request.hanging == false);
  CHECK(request.deadline == clock.now() + seconds(60));

  deps.endpoints.clear();
  auto nowhere = send(bare());
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code.rfind("gate.", 0) == 0);
  CHECK(net.requests.size() == 1);
}

TEST_CASE_FIXTURE(World,
                  "R1 gate: without an identity nothing goes that needs one, and nothing is recorded") {
  session.mine = nullptr;
  CHECK_FALSE(send(bare()));
  CHECK(net.requests.empty());
  CHECK(rows().empty());
  auto name = Mint::text<DataClass::device_name>("nas");
  CHECK(send(Compose<sample::manifest, "form">().set<"device_name">(name).done().release()));
}

TEST_CASE_FIXTURE(World, "A2 gate: a message of another feature's manifest is refused") {
  auto foreign = Compose<sample::switchless, "bare">().done().release();
  auto answer = send(std::move(foreign));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == "gate.not_declared");
  CHECK(net.requests.empty());
  CHECK_FALSE(send(RawMessage{}));
  CHECK(net.requests.empty());
}

TEST_CASE_FIXTURE(World, "A2 gate: an incomplete message is neither sent nor recorded") {
  auto value = Mint::text<DataClass::public_address>("5.6.7.8");
  auto answer = send(Compose<sample::manifest, "json">().set<"ipv4">(value).done().release());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == "gate.incomplete");
  CHECK(net.requests.empty());
  CHECK(rows().empty());
}

TEST_CASE_FIXTURE(World, "gate: options reach the transport") {
  CHECK(send(Compose<sample::manifest, "watch">().done().release(), {Family::ipv4, hours(6)}));
  REQUIRE(net.requests.size() == 1);
  CHECK(net.requests[0].family == Family::ipv4);
  CHECK(net.requests[0].hanging);
  CHECK(net.requests[0].deadline == clock.now() + hours(6));
}

TEST_CASE_FIXTURE(World, "gate: a probe goes out as declared, with its row") {
  net.on_datagram = [](const Datagram&) { return DatagramAnswer{"192.168.1.1", true, ""}; };
  auto probe =
      unit::finish(io, port.probe(Compose<sample::manifest, "probe">().done().release(), {2, seconds(2)}));
  REQUIRE(probe);
  CHECK(probe->from == "192.168.1.1");
  CHECK(probe->expired_in_transit);
  REQUIRE(net.datagrams.size() == 1);
  CHECK(net.datagrams[0].host == "cloud.vendor.test");
  CHECK(net.datagrams[0].port == 33434);
  CHECK(net.datagrams[0].hop_limit == 2);
  CHECK(net.datagrams[0].payload == "probe");
  REQUIRE(rows().size() == 1);
  CHECK(rows()[0].at("id").as_int64() == net.datagrams[0].message);
}

TEST_CASE_FIXTURE(World, "gate: the certificate goes only with messages that are declared to carry it") {
  CHECK(send(bare()));
  CHECK(net.requests.back().identity == session.mine);
  auto name = Mint::text<DataClass::device_name>("nas");
  CHECK(send(Compose<sample::manifest, "form">().set<"device_name">(name).done().release()));
  CHECK(net.requests.back().identity == nullptr);
  CHECK(session.seen == std::vector<std::pair<int, bool>>{{200, true}, {200, false}});
}

TEST_CASE_FIXTURE(World, "gate: the session hears of failures too, and net errors come up unchanged") {
  net.replies = {Error{"net.timeout", Retry::retry_soon, "no answer", ""}};
  auto answer = send(bare());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == "net.timeout");
  REQUIRE(session.seen.size() == 1);
  CHECK(session.seen[0].first == 0);
}

TEST_CASE_FIXTURE(
    World, "A3 gate: connections are rows of the feature, linked to the message they were opened for") {
  std::int64_t connection = 0;
  net.on_exchange = [&](HttpRequest request, Meter& meter) -> Task<unit::FakeTransport::Reply> {
    connection = meter.opened({"tcp", "192.168.1.5:40112", "203.0.113.9:443", request.message});
    co_return unit::answer(200, "{}");
  };
  CHECK(send(bare()));
  auto all = rows();
  REQUIRE(all.size() == 2);
  CHECK(all[0].at("conn").as_int64() == connection);
  CHECK(all[1].at("kind") == "connection");
  CHECK(all[1].at("feature") == "sample");
  CHECK(all[1].at("state") == "open");
  port.closed(connection, 123, 456, ConnectionEnd::closed);
  all = rows();
  CHECK(all[1].at("state") == "closed");
  CHECK(all[1].at("bytes_out") == 123);
  CHECK(all[1].at("bytes_in") == 456);
}

TEST_CASE_FIXTURE(World, "A3 gate: a name that is looked up is a row too") {
  auto id = port.opened({"udp", "192.168.1.5:5000", "192.168.1.1:53", 0});
  port.asked(id, "cloud.vendor.test", "192.168.1.1");
  auto all = rows();
  REQUIRE(all.size() == 2);
  auto message = all[0].at("kind") == "message" ? all[0].as_object() : all[1].as_object();
  CHECK(message.at("feature") == "sample");
  CHECK(message.at("conn").as_int64() == id);
  CHECK(boost::json::serialize(message.at("fields")).size() > 2);
}

TEST_CASE_FIXTURE(World, "A1 gate: silence() drains the transport and returns after it") {
  Signal drained(io.get_executor());
  net.on_drain = [&](Meter& meter) -> Task<void> {
    CHECK(&meter == &port);
    co_await drained.wait();
  };
  auto silence = unit::start(io, port.silence());
  CHECK_FALSE(silence.ended());
  drained.notify();
  unit::settle(io);
  CHECK(silence.returned());
  CHECK(net.drained == 1);
}

TEST_CASE("gate: a request id is a random UUID") {
  unit::SeededRng rng(5);
  auto one = make_request_id(rng), two = make_request_id(rng);
  CHECK(one.json() != two.json());
  CHECK(one.json().as_string().size() == 36);
}
