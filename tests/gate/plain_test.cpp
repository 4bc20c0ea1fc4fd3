// Messages that leave another way than a request over TLS: plain ones, look-ups, and tests of the way.
#include "agent/gate/mint.hpp"
#include "tests/gate/world.hpp"

using namespace gate_test;

namespace {

RawMessage page() { return Compose<sample::manifest, "page">().done().release(); }
RawMessage own_name() {
  auto name = Mint::text<DataClass::public_name>("nas.mynas.test");
  return Compose<sample::manifest, "lookup">().set<"name">(name).done().release();
}

// What may be declared as plain: nothing of this box in it.
constexpr Field varies[] = {{"who", DataClass::device_id, Where::query}};
constexpr Field fixed[] = {{"v", DataClass::protocol_constant, Where::query, "1"}};
constexpr Field body[] = {{"v", DataClass::protocol_constant, Where::json, "1"}};
static_assert(MessageDecl{"a", Method::get, "/", "x", {}, Auth::none}.harmless());
static_assert(MessageDecl{"a", Method::get, "/", "x", fixed, Auth::none}.harmless());
static_assert(!MessageDecl{"a", Method::get, "/", "x", varies, Auth::none}.harmless());
static_assert(!MessageDecl{"a", Method::get, "/", "x", body, Auth::none}.harmless());
static_assert(!MessageDecl{"a", Method::get, "/", "x", {}, Auth::certificate}.harmless());
static_assert(!MessageDecl{"a", Method::post, "/", "x", {}, Auth::none}.harmless());

}  // namespace

TEST_CASE_FIXTURE(World, "A2 gate: a plain message goes to port 80, bare, and any answer is a value") {
  auto portal = unit::answer(302, "<html>sign in</html>", "text/html");
  portal.location = "http://login.hotel/";
  net.replies = {portal};
  auto answer = send(page());
  REQUIRE(answer);
  CHECK(answer->status == 302);
  CHECK(answer->location == "http://login.hotel/");
  CHECK(answer->json.empty());
  const auto& request = net.requests.back();
  CHECK(request.plain);
  CHECK(request.host == "cloud.vendor.test");
  CHECK(request.port == 80);
  CHECK(request.target == "/generate_204");  // not below the base path of the API
  CHECK(request.identity == nullptr);
  CHECK(request.headers.empty());
  CHECK(request.body.empty());
  CHECK(session.seen.empty());  // nobody verified it
  CHECK(rows().size() == 1);
  net.replies = {unit::answer(200, "{\"broken\":")};  // a stranger's JSON is not read
  CHECK(send(page()));
  net.replies = {Error{"net.timeout", Retry::retry_soon, "no answer", ""}};
  CHECK_FALSE(send(page()));
  CHECK(session.seen.empty());
  permitted = false;
  CHECK(send(page()).error().code == "gate.switched_off");
}

TEST_CASE_FIXTURE(World,
                  "gate: a test of the way that fails is no news of the cloud; one that is answered is") {
  auto trace = std::make_shared<Trace>();
  net.replies = {Error{"net.timeout", Retry::retry_soon, "no answer", ""}};
  CHECK_FALSE(send(bare(), {Family::ipv6, seconds(5), trace}));
  CHECK(net.requests.back().trace == trace);
  CHECK(session.seen.empty());
  net.replies = {unit::answer(200, "<html>", "text/html")};
  CHECK_FALSE(send(bare(), {Family::ipv6, seconds(5), trace}));
  CHECK(session.seen.empty());
  net.replies = {unit::answer(200, "{}")};
  CHECK(send(bare(), {Family::ipv6, seconds(5), trace}));
  CHECK(session.seen.size() == 1);
}

TEST_CASE_FIXTURE(World, "A1 A3 gate: a look-up is a message: permitted, and a row under its own purpose") {
  struct Asking final : Transport {
    Task<Result<HttpResponse>> exchange(HttpRequest, Meter&) override { co_return HttpResponse{}; }
    Task<Result<DatagramAnswer>> datagram(Datagram, Meter&) override { co_return DatagramAnswer{}; }
    Task<void> drain(Meter&) override { co_return; }
    Task<Result<LookupAnswer>> lookup(std::string name, Family family, Instant, Meter& meter) override {
      CHECK(name == "nas.mynas.test");
      CHECK(family == Family::ipv6);
      auto row = meter.opened({"udp", "192.168.1.5:5000", "192.168.1.1:53", 0});
      meter.asked(row, name, "192.168.1.1:53");
      meter.closed(row, 40, 60, ConnectionEnd::closed);
      LookupAnswer answer;
      answer.status = DnsStatus::no_name;
      co_return answer;
    }
  } asking;
  GateDeps other{asking, ledger, switches, session, clock, deps.endpoints};
  Port wire(other, sample::manifest, [this] { return permitted; });
  LookupOptions options{Family::ipv6, seconds(3)};
  auto answer = unit::finish(io, wire.lookup(own_name(), options));
  REQUIRE(answer);
  CHECK(answer->status == DnsStatus::no_name);
  auto all = rows();
  REQUIRE(all.size() == 2);
  const auto& message = all[0].at("kind") == "message" ? all[0].as_object() : all[1].as_object();
  CHECK(message.at("purpose") == "look up the box's own name");
  CHECK(message.at("host") == "192.168.1.1:53");
  CHECK(message.at("fields").as_array().at(0) == "name");
  CHECK(!message.at("conn").is_null());
  permitted = false;
  CHECK(unit::finish(io, wire.lookup(own_name(), options)).error().code == "gate.switched_off");
  CHECK(rows().size() == 2);
}
