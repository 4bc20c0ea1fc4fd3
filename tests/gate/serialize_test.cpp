// Promise A2: the gate alone turns a message into bytes, and only what is declared leaves.
#include "agent/gate/serialize.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "agent/gate/mint.hpp"
#include "tests/gate/sample.hpp"
#include "tests/unit/seeded_rng.hpp"

using namespace qcloud;

namespace {

template <DataClass C>
Value<C> text(std::string_view value) {
  return Mint::text<C>(value);
}
auto id(std::string_view value) { return text<DataClass::request_id>(value); }
auto address(std::string_view value) { return text<DataClass::public_address>(value); }

RawMessage everywhere(std::string_view in_path, std::string_view in_query, std::string_view in_header) {
  return Compose<sample::manifest, "everywhere">()
      .set<"id">(id(in_path))
      .set<"seen">(address(in_query))
      .set<"X-Request">(id(in_header))
      .done()
      .release();
}
RawMessage form(std::string_view name) {
  return Compose<sample::manifest, "form">()
      .set<"device_name">(text<DataClass::device_name>(name))
      .done()
      .release();
}
RawMessage body(std::string_view token, std::string_view bytes) {
  return Compose<sample::manifest, "body">()
      .set<"access_token">(text<DataClass::one_time_code>(token))
      .set<"certificate_request">(text<DataClass::public_key>(bytes))
      .done()
      .release();
}
std::string header(const Wire& wire, std::string_view name) {
  std::string found;
  int times = 0;
  for (const auto& [key, value] : wire.headers)
    if (key == name) found = value, ++times;
  CHECK(times <= 1);
  return found;
}

// Compile-time walls: what the manifest does not declare does not compile.
template <class C, FixedString F, class V>
concept Settable = requires(C c, V v) { c.template set<F>(v); };

}  // namespace

TEST_CASE("A2 serialize: path, query, header, and constants that a feature cannot change") {
  auto wire = serialize(everywhere("a1", "5.6.7.8", "r-1"), "");
  REQUIRE(wire);
  CHECK(wire->method == "GET");
  CHECK(wire->target == "/v1/things/a1/part?seen=5.6.7.8&hold=0");
  CHECK(header(*wire, "X-Request") == "r-1");
  CHECK(header(*wire, "X-Fixed") == "always");
  CHECK(wire->body.empty());
}

TEST_CASE("A2 serialize: the base path of the configured URL comes first") {
  auto wire = serialize(everywhere("a", "b", "c"), "/nas/api");
  REQUIRE(wire);
  CHECK(wire->target.rfind("/nas/api/v1/things/a/part?", 0) == 0);
  wire = serialize(Compose<sample::manifest, "bare">().done().release(), "");
  REQUIRE(wire);
  CHECK(wire->target == "/v1/bare");
}

TEST_CASE("A2 serialize: a value cannot leave its place in the path or the query") {
  for (std::string evil : {"../../admin", "a/b", "a?b=c", "a&b=c", "a#b", "a b", "%2e%2e", "a\r\nX: y",
                           "\xc3\xa4", "a=b", "a+b", "{id}", ".."}) {
    CAPTURE(evil);
    auto wire = serialize(everywhere(evil, evil, "x"), "");
    if (!wire) continue;  // refused is fine too
    const auto& target = wire->target;
    CAPTURE(target);
    auto question = target.find('?');
    REQUIRE(question != std::string::npos);
    CHECK(target.rfind("/v1/things/", 0) == 0);
    CHECK(target.substr(0, question).ends_with("/part"));
    CHECK(std::count(target.begin(), target.begin() + long(question), '/') == 4);
    CHECK(std::count(target.begin(), target.end(), '?') == 1);
    CHECK(std::count(target.begin(), target.end(), '&') == 1);
    CHECK(std::count(target.begin(), target.end(), '=') == 2);
    CHECK(target.find_first_of(" \r\n#{}\xc3") == std::string::npos);
    CHECK(target.ends_with("&hold=0"));
    CHECK(target.find("/../") == std::string::npos);
    // Decoded by anyone, it is the value again: a literal % and + were encoded too.
    CHECK(target.find("%%") == std::string::npos);
  }
  auto wire = serialize(everywhere("a%2fb", "a+b", "x"), "");
  REQUIRE(wire);
  CHECK(wire->target == "/v1/things/a%252fb/part?seen=a%2Bb&hold=0");
}

TEST_CASE("A2 serialize: an empty path value does not make another path") {
  auto wire = serialize(everywhere("", "x", "x"), "");
  if (wire) CHECK(wire->target.find("//") == std::string::npos);
}

TEST_CASE("A2 serialize: a header value cannot make a second header") {
  for (std::string evil : {"a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rb", "\r\n\r\nGET / HTTP/1.1"}) {
    CAPTURE(evil);
    auto wire = serialize(everywhere("a", "b", evil), "");
    if (!wire) continue;
    for (const auto& [name, value] : wire->headers)
      CHECK((name + value).find_first_of("\r\n") == std::string::npos);
  }
  auto wire = serialize(everywhere("a", "b", std::string("a\0b", 3)), "");
  if (wire) CHECK(header(*wire, "X-Request").find('\0') == std::string::npos);
}

TEST_CASE("A2 serialize: form") {
  auto wire = serialize(form("Anna & Bob's NAS=100% \xc3\xa4+"), "");
  REQUIRE(wire);
  CHECK(wire->method == "POST");
  CHECK(header(*wire, "Content-Type") == "application/x-www-form-urlencoded");
  CHECK(wire->body.rfind("client_id=qcloud-nas&device_name=", 0) == 0);
  CHECK(std::count(wire->body.begin(), wire->body.end(), '&') == 1);
  CHECK(std::count(wire->body.begin(), wire->body.end(), '=') == 2);
  CHECK(wire->body.find("%26") != std::string::npos);
  CHECK(wire->body.find("%C3%A4") != std::string::npos);
  CHECK(wire->body.find("%2B") != std::string::npos);
}

TEST_CASE("A2 serialize: json members, null, constants, and an optional one that is absent") {
  auto message = Compose<sample::manifest, "json">()
                     .set<"ipv4">(address("5.6.7.8\"},{\"x\":\""))
                     .none<"ipv6", DataClass::public_address>()
                     .done();
  auto wire = serialize(message.raw(), "");
  REQUIRE(wire);
  CHECK(wire->method == "PUT");
  CHECK(header(*wire, "Content-Type") == "application/json");
  auto parsed = boost::json::parse(wire->body).as_object();
  CHECK(parsed.size() == 3);
  CHECK(parsed.at("ipv4") == "5.6.7.8\"},{\"x\":\"");
  CHECK(parsed.at("ipv6").is_null());
  CHECK(parsed.at("kind") == "report");
}

TEST_CASE("A2 serialize: an opaque body with its type, and a basic password (RFC 7617)") {
  auto wire = serialize(body("s3cret:x", "MIIBCg=="), "");
  REQUIRE(wire);
  CHECK(wire->body == "MIIBCg==");
  CHECK(header(*wire, "Content-Type") == "application/pkcs10");
  CHECK(header(*wire, "Authorization") == "Basic ZGV2aWNlOnMzY3JldDp4");  // device:s3cret:x
}

TEST_CASE("A2 serialize: body caps hold to the byte") {
  CHECK(serialize(body("t", std::string(64, 'a')), ""));
  auto over = serialize(body("t", std::string(65, 'a')), "");
  REQUIRE_FALSE(over);
  CHECK(over.error().code == "gate.too_large");
  auto json = Compose<sample::manifest, "tiny">()
                  .set<"ipv4">(address("5.6.7.8"))
                  .set<"ipv6">(address("2a0b::1"))
                  .done();
  auto too_large = serialize(json.raw(), "");
  REQUIRE_FALSE(too_large);
  CHECK(too_large.error().code == "gate.too_large");
}

TEST_CASE("A2 serialize: a field that is not optional may not be missing") {
  auto missing =
      serialize(Compose<sample::manifest, "json">().set<"ipv4">(address("5.6.7.8")).done().release(), "");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == "gate.incomplete");
  auto path = serialize(Compose<sample::manifest, "everywhere">()
                            .set<"seen">(address("x"))
                            .set<"X-Request">(id("y"))
                            .done()
                            .release(),
                        "");
  REQUIRE_FALSE(path);
  CHECK(path.error().code == "gate.incomplete");
  auto password = serialize(Compose<sample::manifest, "body">()
                                .set<"certificate_request">(text<DataClass::public_key>("x"))
                                .done()
                                .release(),
                            "");
  REQUIRE_FALSE(password);
  CHECK(password.error().code == "gate.incomplete");
}

TEST_CASE("A2 serialize: a field set twice leaves once at most") {
  auto twice = Compose<sample::manifest, "json">()
                   .set<"ipv4">(address("1.1.1.1"))
                   .set<"ipv4">(address("2.2.2.2"))
                   .set<"ipv6">(address("2a0b::1"))
                   .done();
  auto wire = serialize(twice.raw(), "");
  if (wire) {
    auto first = wire->body.find("\"ipv4\"");
    CHECK(wire->body.find("\"ipv4\"", first + 1) == std::string::npos);
  }
}

TEST_CASE("A3 serialize: the ledger names every field that leaves, constants too, and no other") {
  auto names = field_names(form("x"));
  CHECK(names == std::vector<std::string>{"client_id", "device_name"});
  names = field_names(everywhere("a", "b", "c"));
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"X-Fixed", "X-Request", "hold", "id", "seen"});
  names = field_names(body("t", "b"));
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"access_token", "certificate_request"});
}

TEST_CASE("A2 serialize: any value, wherever it stands, keeps the request one request") {
  unit::SeededRng rng(31);
  for (int i = 0; i < 500; ++i) {
    std::string bytes;
    for (auto n = rng.below(30); n; --n) bytes += static_cast<char>(rng.below(256));
    auto wire = serialize(everywhere(bytes, bytes, bytes), "/b");
    if (!wire) continue;
    for (unsigned char c : wire->target) CHECK((c > 0x20 && c < 0x7f));
    for (const auto& [name, value] : wire->headers)
      for (unsigned char c : value) CHECK((c >= 0x20 && c != 0x7f));
  }
}
