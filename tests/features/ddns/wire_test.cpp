#include "agent/features/ddns/wire.hpp"

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "agent/gate/mint.hpp"
#include "agent/gate/serialize.hpp"
#include "tests/features/answer.hpp"

using namespace qcloud;
using namespace qcloud::ddns;
namespace json = boost::json;

using unit::with;

namespace {

Address address(std::string_view text) { return Mint::text<DataClass::public_address>(text); }
Wire wire(const Out& message) {
  auto made = serialize(message.raw(), "");
  REQUIRE(made);
  return *made;
}
constexpr auto news = R"({"cursor":7,"seen":"5.6.7.9","name":"nas1","fqdn":"nas1.mynas.test",
  "published":{"a":["5.6.7.8"],"aaaa":["2a0b:1:2::5"]},"reported":{"ipv4":"5.6.7.8","ipv6":"2a0b:1:2::5"},"events":[]})";

}  // namespace

TEST_CASE("A2 ddns wire: messages") {
  CHECK(wire(look()).target == "/v1/watch?hold=0");
  CHECK(wire(whoami()).target == "/v1/whoami");
  auto first = wire(watch(std::nullopt, std::nullopt));
  CHECK(first.target == "/v1/watch?hold=21600");
  auto next = wire(watch(Mint::value<DataClass::server_cursor>(7), address("5.6.7.8")));
  CHECK(next.target.find("cursor=7") != std::string::npos);
  CHECK(next.target.find("seen=5.6.7.8") != std::string::npos);
  CHECK(next.target.find("hold=21600") != std::string::npos);
  auto both = wire(report(address("5.6.7.8"), address("2a0b:1:2::5")));
  CHECK(both.method == "PUT");
  CHECK(both.target == "/v1/ddns");
  CHECK(json::parse(both.body) == json::parse(R"({"ipv4":"5.6.7.8","ipv6":"2a0b:1:2::5"})"));
  // Null says "I have none", which is a statement too.
  CHECK(json::parse(wire(report(std::nullopt, std::nullopt)).body) ==
        json::parse(R"({"ipv4":null,"ipv6":null})"));
}

TEST_CASE("ddns wire: what a watch brings") {
  auto parsed = parse_watch(with(200, news));
  REQUIRE(parsed);
  REQUIRE(parsed->cursor);
  CHECK(parsed->cursor->json() == 7);
  CHECK(parsed->seen == parse_ip("5.6.7.9"));
  REQUIRE(parsed->seen_value);
  CHECK(parsed->seen_value->json() == "5.6.7.9");
  CHECK(parsed->name == "nas1");
  CHECK(parsed->fqdn == "nas1.mynas.test");
  CHECK(parsed->reported.v4 == parse_ip("5.6.7.8"));
  CHECK(parsed->reported.v6 == parse_ip("2a0b:1:2::5"));

  parsed = parse_watch(with(
      200,
      R"({"cursor":0,"seen":"5.6.7.9","name":null,"fqdn":null,"published":{"a":[],"aaaa":[]},"reported":{"ipv4":null,"ipv6":null},"events":[]})"));
  REQUIRE(parsed);
  CHECK(parsed->name.empty());
  CHECK(parsed->fqdn.empty());
  CHECK(parsed->reported == Reported{});
}

TEST_CASE("ddns wire: a view over IPv6 is read as such") {
  auto parsed = parse_watch(with(
      200,
      R"({"cursor":1,"seen":"2a0b:1:2::5","name":null,"fqdn":null,"published":{"a":[],"aaaa":[]},"reported":{"ipv4":null,"ipv6":null},"events":[]})"));
  REQUIRE(parsed);
  CHECK(parsed->seen == parse_ip("2a0b:1:2::5"));
}

TEST_CASE("ddns wire: any member of any type is a value or an error, never a wrong picture") {
  const json::value odd[] = {
      nullptr,          true,          -1, 1.5, "", "x", "300.1.1.1", json::array{}, json::array{7},
      json::array{"x"}, json::object{}};
  const auto whole = json::parse(news).as_object();
  for (auto& [name, ignored] : whole) {
    auto body = whole;
    body.erase(name);
    (void)parse_watch(with(200, json::serialize(body)));
    for (const auto& value : odd) {
      body[name] = value;
      auto parsed = parse_watch(with(200, json::serialize(body)));
      if (!parsed) CHECK_FALSE(parsed.error().code.empty());
    }
  }
  for (std::string seen : {"", "x", "300.1.1.1", "5.6.7.8/24"}) {
    auto body = whole;
    body["seen"] = json::string(seen);
    auto parsed = parse_watch(with(200, json::serialize(body)));
    if (parsed) CHECK_FALSE(parsed->seen);
  }
  // What cannot be read must not look like "nothing was reported": that would make a no-op report.
  for (std::string reported : {R"({"ipv4":"x","ipv6":null})", R"({"ipv4":null,"ipv6":"5.6.7.8"})",
                               R"({"ipv4":"2a0b::1","ipv6":null})", R"({"ipv4":null})", R"({"ipv6":null})",
                               R"({"ipv4":7,"ipv6":null})", "[]", "null", "{}"}) {
    auto body = whole;
    body["reported"] = json::parse(reported);
    CAPTURE(reported);
    CHECK_FALSE(parse_watch(with(200, json::serialize(body))));
  }
}

TEST_CASE("ddns wire: garbage and refusals are errors") {
  for (std::string body : {"", "{}", "[]", "null"}) {
    CAPTURE(body);
    CHECK_FALSE(parse_watch(with(200, body)));
    CHECK_FALSE(parse_whoami(with(200, body)));
    CHECK_FALSE(parse_report(with(200, body)));
  }
  for (int status : {401, 404, 410, 500, 503}) {
    CHECK_FALSE(parse_watch(with(status, news)));
    CHECK_FALSE(parse_whoami(with(status, R"({"address":"5.6.7.8"})")));
    CHECK_FALSE(parse_report(with(status, R"({"fqdn":null,"published":{"a":[],"aaaa":[]},"revision":1})")));
  }
}

TEST_CASE("ddns wire: whoami") {
  auto sight = parse_whoami(with(200, R"({"address":"5.6.7.8"})"));
  REQUIRE(sight);
  CHECK(sight->address == *parse_ip("5.6.7.8"));
  CHECK(sight->value.json() == "5.6.7.8");
  for (std::string address : {"", "x", "5.6.7.8, 9.9.9.9", "5.6.7.8:80", " 5.6.7.8"})
    CHECK_FALSE(parse_whoami(with(200, "{\"address\":\"" + address + "\"}")));
  CHECK_FALSE(parse_whoami(with(200, R"({"address":7})")));
}

TEST_CASE("ddns wire: what the cloud has after a report") {
  auto has = parse_report(with(
      200,
      R"({"fqdn":"nas1.mynas.test","published":{"a":["5.6.7.8"],"aaaa":[]},"reported":{"ipv4":"5.6.7.8","ipv6":null},"revision":3})"));
  REQUIRE(has);
  CHECK(has->v4 == parse_ip("5.6.7.8"));
  CHECK_FALSE(has->v6);
}

TEST_CASE("ddns wire: how often the cloud asks an economical box to look") {
  auto told = [](const std::string& member) {
    auto text = std::string(news);
    auto parsed = parse_watch(with(200, "{" + member + text.substr(1)));
    REQUIRE(parsed);
    return parsed->heartbeat_seconds;
  };
  CHECK(told("") == 0);
  CHECK(told("\"heartbeat_seconds\":600,") == 600);
  CHECK(told("\"heartbeat_seconds\":1,") == 60);
  CHECK(told("\"heartbeat_seconds\":999999999999,") == 86400);
  for (auto odd : {"0", "-5", "\"600\"", "null", "6.5", "{}"})
    CHECK(told("\"heartbeat_seconds\":" + std::string(odd) + ",") == 0);
}
