// Hostile input: names that deceive, text that breaks out of where it stands, bodies that are not what they
// say.
#include <algorithm>

#include "tests/cloud/test/browser.hpp"

using namespace refcloud;
using namespace refcloud::test;

namespace {

// Nothing that a client sent may begin a line of its own in the head of an answer.
void check_head(const Response& response) {
  for (const auto& [name, value] : response.headers) {
    CAPTURE(name);
    CHECK(name.find_first_of("\r\n: ") == std::string::npos);
    CHECK(std::all_of(value.begin(), value.end(),
                      [](char c) { return static_cast<unsigned char>(c) >= 0x20; }));
  }
}

}  // namespace

TEST_CASE("names: every character that is not a letter, a digit or a dash, in every place") {
  World world;
  Nas nas(world);
  nas.enroll();
  const auto claim = [&](const std::string& name) {
    return nas.call("PUT", "/v1/name", json::serialize(json::object{{"name", name}}));
  };
  for (int c = 0; c < 0x80; ++c) {
    const char letter = static_cast<char>(c);
    const bool allowed = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                         (letter >= '0' && letter <= '9') || letter == '-';
    CAPTURE(c);
    CHECK(claim(std::string("my") + letter + "box").status == (allowed ? 200 : 422));
    if (!allowed || letter == '-') {
      CHECK(problem_of(claim(std::string(1, letter) + "mybox")) == "name-invalid");
      CHECK(problem_of(claim(std::string("mybox") + letter)) == "name-invalid");
    }
  }
  CHECK(problem_of(claim(std::string("my\0box", 6))) == "name-invalid");
  CHECK(problem_of(claim(std::string(33, 'a'))) == "name-invalid");
  CHECK(problem_of(claim(std::string(60'000, 'a'))) == "name-invalid");
}

TEST_CASE("names: look-alikes are refused, and the owner is told why") {
  World world;
  Nas nas(world);
  nas.enroll();
  const auto refusal = [&](const std::string& name) {
    const auto answer = nas.call("PUT", "/v1/name", json::serialize(json::object{{"name", name}}));
    CHECK(problem_of(answer) == "name-invalid");
    return text(body_of(answer).at("detail"));
  };
  // Cyrillic a, Greek omicron, full-width letters, the Kelvin sign, dotless i, a zero-width joiner.
  for (const auto* const alike : {"n\xd0\xb0s1", "h\xce\xbfme", "\xef\xbd\x8e\xef\xbd\x81\xef\xbd\x93",
                                  "\xe2\x84\xaa"
                                  "ing",
                                  "famil\xc4\xb1",
                                  "my\xe2\x80\x8d"
                                  "box"}) {
    CAPTURE(alike);
    CHECK(refusal(alike).find("other alphabets") != std::string::npos);
  }
  for (const auto* const encoded : {"xn--ns1-7cd", "XN--ns1-7cd", "xn--"}) {
    CAPTURE(encoded);
    CHECK(refusal(encoded).find("xn--") != std::string::npos);
  }
  for (const auto* const alike :
       {"www", "WWW", "adm1n", "supp0rt", "l0g1n", "1og1n", "5t4tus", "s3cur1ty", "api", "na5"}) {
    CAPTURE(alike);
    CHECK(refusal(alike).find("reserved") != std::string::npos);
  }
  for (const auto* const good : {"nas1", "attic-0", "b0b", "w1de", "500miles"}) {
    CAPTURE(good);
    CHECK(nas.call("PUT", "/v1/name", json::serialize(json::object{{"name", good}})).status == 200);
  }
}

TEST_CASE("names: someone else's cannot be had by any door") {
  World world;
  REQUIRE(world.cloud.add_account("mallory", "secret"));
  Nas nas(world), thief(world);
  nas.enroll();
  thief.enroll("mallory");
  REQUIRE(nas.call("PUT", "/v1/name", R"({"name":"nas1"})").status == 200);
  for (const auto* const name : {"nas1", "NAS1", "Nas1"})
    CHECK(problem_of(thief.call("PUT", "/v1/name", json::serialize(json::object{{"name", name}}))) ==
          "name-taken");
  CHECK(problem_of(thief.call("PUT", "/v1/name", R"({"name":"nas1.mynas.test"})")) == "name-invalid");
  Browser browser{world};
  browser.sign_in("mallory");
  CHECK(browser.change("/account/rename", thief.device_id, "&name=nas1").status == 409);
  CHECK(browser.change("/account/rename", nas.device_id, "&name=").status == 404);
  CHECK_FALSE(world.cloud.rename(thief.device_id, "nas1"));
  CHECK(text(body_of(nas.call("GET", "/v1/device")).at("name")) == "nas1");
}

TEST_CASE("text that would break out of a header or a page stays where it is") {
  World world;
  Nas nas(world);
  nas.enroll();
  Browser browser{world};
  const std::string evil = "%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a%3Cscript%3Ealert(1)%3C/script%3E";
  for (const auto* const target :
       {"/login?next=", "/login?next=%2Fdevice%3Fuser_code%3D", "/login?next=%2Flookup%3Fname%3D",
        "/device?user_code=", "/lookup?name=", "/receipt?id=", "/account/device?device_id=",
        "/account/erase?device_id=", "/v1/lookup/", "/v1/erasure-requests/", "/nic/update?hostname=", "/"}) {
    CAPTURE(target);
    for (const bool inside : {false, true}) {
      browser.cookie.clear();
      if (inside) browser.sign_in();
      const auto answer = browser.get(target + evil);
      check_head(answer);
      CHECK(answer.body.find("<script") == std::string::npos);
      CHECK(answer.status < 500);
    }
  }
  browser.cookie.clear();
  const auto in = browser.post("/login", "login=alice&password=secret&next=%2Fdevice%3Fuser_code%3D" + evil);
  check_head(in);
  CHECK(header(in.headers, "Location")->starts_with("/device?user_code=%0D%0A"));
  for (const auto* const wish : {"%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example",
                                 "%2Fdevice%2F..%2F..%2Fx", "javascript%3Aalert(1)", "%2Flogout"}) {
    CAPTURE(wish);
    browser.cookie.clear();
    const auto answer = browser.post("/login", "login=alice&password=secret&next=" + std::string(wish));
    CHECK(*header(answer.headers, "Location") == "/account");
  }
  // The NAS chooses its own model and name; the pages show them.
  const std::string markup = "%22%3E%3Cscript%3E%27";
  const auto started = device_auth(world, markup);
  const auto page = browser.get("/device?user_code=" + text(started.at("user_code"))).body;
  CHECK(page.find("&quot;&gt;&lt;script&gt;&#39;") != std::string::npos);
  nas.call("PATCH", "/v1/device", R"({"device_name":"\"><script>'"})");
  for (const auto* const target : {"/account", "/account/device?device_id=", "/account/erase?device_id=",
                                   "/account/remove?device_id=", "/account/delete"}) {
    const std::string path(target);
    const auto shown = browser.get(path.ends_with('=') ? path + nas.device_id : path).body;
    CHECK(shown.find("<script") == std::string::npos);
    CHECK(shown.find("&quot;&gt;&lt;script&gt;&#39;") != std::string::npos);
  }
}

TEST_CASE("a Host header of somebody else's reaches no answer") {
  World world;
  for (const auto* const host : {"evil.example", "cloud.vendor.test.evil.example", "evil.example:443",
                                 "localhost@evil", "localhost:80\r\nX: y", ""}) {
    CAPTURE(host);
    auto request = Request{"POST",
                           "/device/auth",
                           {{"Host", host}, {"Content-Type", "application/x-www-form-urlencoded"}},
                           "client_id=qcloud-nas&scope=nas&device_model=x",
                           "5.6.7.8",
                           {}};
    const auto answer = world.call(request);
    CHECK(answer.body.find("evil") == std::string::npos);
    CHECK(text(body_of(answer).at("verification_uri")) == "https://cloud.vendor.test/device");
  }
}

TEST_CASE("bodies: depth, doubles, size and type, at every endpoint that takes JSON") {
  World world;
  Nas nas(world);
  nas.enroll();
  const std::pair<const char*, const char*> endpoints[] = {{"PUT", "/v1/ddns"},
                                                           {"PUT", "/v1/name"},
                                                           {"PUT", "/v1/audience"},
                                                           {"PATCH", "/v1/device"},
                                                           {"POST", "/v1/erasure-requests"}};
  const auto before = body_of(nas.call("GET", "/v1/export")).at("stores");
  for (const auto& [method, target] : endpoints) {
    CAPTURE(target);
    auto request = nas.request(method, target);
    request.headers.emplace_back("Idempotency-Key", "11111111-1111-4111-8111-111111111111");
    for (const auto* const type : {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx",
                                   "application/json\x01", "application/pkcs10"}) {
      auto typed = request;
      typed.headers.emplace_back("Content-Type", type);
      typed.body = "{}";
      CHECK(problem_of(world.call(typed)) == "wrong-media-type");
    }
    request.headers.emplace_back("Content-Type", "application/json");
    const auto send = [&](std::string body) {
      request.body = std::move(body);
      return problem_of(world.call(request));
    };
    CHECK(send("") == "bad-json");
    CHECK(send(std::string(60'000, '[')) == "bad-json");
    CHECK(send(R"({"a":)" + std::string(17, '[') + std::string(17, ']') + "}") == "bad-json");
    CHECK(send(R"({"name":"x","name":"y"})") == "bad-json");
    CHECK(send(R"({"a":{"b":1,"b":2}})") == "bad-json");
    CHECK(send("{\"name\":\"\xc0\xaf\"}") == "bad-json");
    CHECK(send("{\"name\":\"\\ud800\"}") == "bad-json");
    CHECK(send("\xef\xbb\xbf{}") == "bad-json");
    CHECK(send("{} {}") == "bad-json");
    CHECK(send("{\"a\":1e999}").starts_with("bad-") != send("{\"a\":1e999}").starts_with("unknown-"));
    CHECK(send(std::string((64 << 10) + 1, ' ')) == "too-large");
  }
  CHECK(body_of(nas.call("GET", "/v1/export")).at("stores") == before);
}

TEST_CASE("two headers where there must be one, and targets that are none") {
  World world;
  for (const auto* const name :
       {"Authorization", "Content-Type", "Host", "Cookie", "Idempotency-Key", "Origin"}) {
    CAPTURE(name);
    const Headers twice{{name, "a"}, {lower(name), "b"}};
    CHECK(problem_of(world.call({"GET", "/v1/device", twice, {}, "5.6.7.8", {}})) == "bad-request");
  }
  for (const auto* const target : {"", "*", "v1/device", "http://x/v1/device", "\\v1"})
    CHECK(problem_of(world.get(target)) == "bad-request");
  for (const auto* const target : {"//v1/device", "/v1/../v1/device", "/v1/device%00", "/V1/DEVICE"})
    CHECK(problem_of(world.get(target)) == "not-found");
  CHECK(problem_of(world.get("/" + std::string(5000, 'a'))) == "bad-request");
  for (const auto* const method : {"", "get", "TRACE", "CONNECT", "OPTIONS", "HEAD"})
    CHECK(world.call({method, "/v1/device", {}, {}, "5.6.7.8", {}}).status == 405);
}
