// Every method of the API against every kind of caller, none missing: who is let in is exactly who the table
// says.
#include <functional>

#include "tests/cloud/test/browser.hpp"

using namespace refcloud;
using namespace refcloud::test;

namespace {

constexpr auto flow = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=";

// Everyone who could come by, each with what proves it.
struct Crowd {
  World world{};
  Nas nas{world}, expired{world}, revoked{world}, removed{world}, replaced{world};
  Browser owner{world}, stranger{world};
  std::string lookup{}, update{};

  Crowd() {
    REQUIRE(world.cloud.add_account("mallory", "secret"));
    expired.enroll();
    world.clock.advance(8 * day);
    for (auto* box : {&nas, &revoked, &removed, &replaced}) box->enroll();
    REQUIRE(nas.call("PUT", "/v1/name", R"({"name":"nas1"})").status == 200);
    REQUIRE(world.cloud.revoke(revoked.device_id));
    REQUIRE(world.cloud.remove(removed.device_id));
    // The box renewed with a fresh key, and used it; the old one is a copy's.
    const auto fresh = generate_p256();
    const auto answer = replaced.reenroll(fresh.get());
    REQUIRE(answer.status == 200);
    Nas renewed{world};
    renewed.certificate = first_certificate(*unbase64(answer.body));
    REQUIRE(renewed.call("GET", "/v1/device").status == 200);
    owner.sign_in();
    stranger.sign_in("mallory");
    const auto page = owner.change("/account/token", nas.device_id, "&action=make");
    update = "Basic " + base64("nas1:" + Browser::between(page.body, "id=\"token\">", "<"));
    const auto started = body_of(world.form("/device/auth", "client_id=qcloud-lookup&scope=lookup"));
    REQUIRE(world.cloud.approve(text(started.at("user_code")), "alice"));
    const auto token = world.form(
        "/token", flow + std::string("qcloud-lookup&device_code=") + text(started.at("device_code")));
    lookup = "Bearer " + text(body_of(token).at("access_token"));
  }

  Request plain(const RouteInfo& route) const {
    std::string target(route.path);
    if (const auto brace = target.find('{'); brace != std::string::npos)
      target.replace(brace, target.size(), "none");
    return {std::string(route.method), target, {}, {}, "9.9.9.9", {}};
  }
};

struct Caller {
  const char* name;
  std::function<Request(Crowd&, Request)> as;
  std::vector<Auth> passes;  // beside what is open
};

Request with(Request request, const char* header, const std::string& value) {
  request.headers.emplace_back(header, value);
  return request;
}

Request by(const Nas& nas, Request request) {
  request.client_cert_der = nas.certificate;
  return request;
}

const std::vector<Caller>& callers() {
  static const std::vector<Caller> all{
      {"nobody", [](Crowd&, Request r) { return r; }, {}},
      {"a session", [](Crowd& c, Request r) { return with(r, "Cookie", c.owner.cookie); }, {Auth::account}},
      {"a made-up session", [](Crowd&, Request r) { return with(r, "Cookie", "qc_session=AAAA"); }, {}},
      {"a lookup token",
       [](Crowd& c, Request r) { return with(r, "Authorization", c.lookup); },
       {Auth::lookup}},
      {"an update token", [](Crowd& c, Request r) { return with(r, "Authorization", c.update); }, {}},
      {"a made-up token", [](Crowd&, Request r) { return with(r, "Authorization", "Bearer AAAA"); }, {}},
      {"a certificate",
       [](Crowd& c, Request r) { return by(c.nas, r); },
       {Auth::certificate, Auth::certificate_expired_ok}},
      {"an expired certificate",
       [](Crowd& c, Request r) { return by(c.expired, r); },
       {Auth::certificate_expired_ok}},
      {"a revoked certificate", [](Crowd& c, Request r) { return by(c.revoked, r); }, {}},
      {"a removed device", [](Crowd& c, Request r) { return by(c.removed, r); }, {}},
      {"a replaced key", [](Crowd& c, Request r) { return by(c.replaced, r); }, {}},
  };
  return all;
}

// Turned away at the door, before anything of the request is looked at?
bool turned_away(const RouteInfo& route, const Response& answer) {
  if (route.auth == Auth::account) {
    for (const auto& [name, value] : answer.headers)
      if (name == "Location" && value.starts_with("/login")) return answer.status == 303;
    return false;
  }
  return answer.status == 401 || answer.status == 410;
}

}  // namespace

TEST_CASE("every method against every caller: let in exactly as the table says") {
  Crowd crowd;
  int tried = 0;
  for (const auto& route : routes()) {
    if (route.path == "/logout") continue;  // would end the session of the next lines; see pages_test
    for (const auto& caller : callers()) {
      CAPTURE(std::string(route.method) + ' ' + std::string(route.path));
      CAPTURE(caller.name);
      const auto reply = crowd.world.cloud.handle(caller.as(crowd, crowd.plain(route)));
      ++tried;
      const auto* const answer = std::get_if<Response>(&reply);
      if (!answer) {  // only a watch hangs, and only for whom it knows
        CHECK(route.path == "/v1/watch");
        CHECK(std::count(caller.passes.begin(), caller.passes.end(), route.auth) == 1);
        continue;
      }
      CHECK(answer->status < 500);
      // These two prove themselves inside of the request; their own tests say how.
      if (route.auth == Auth::update || route.path.ends_with("/simpleenroll")) continue;
      const bool passes =
          route.auth == Auth::open || std::count(caller.passes.begin(), caller.passes.end(), route.auth) == 1;
      CHECK(turned_away(route, *answer) == !passes);
    }
  }
  CHECK(tried > 300);
}

TEST_CASE("R1: an account's session does nothing to the device of another, on any page") {
  Crowd crowd;
  const auto before = crowd.world.cloud.rows_of(crowd.nas.device_id);
  const auto csrf = crowd.stranger.csrf();
  for (const auto& route : routes()) {
    if (route.auth != Auth::account || route.path == "/logout" || route.path == "/account/delete") continue;
    CAPTURE(std::string(route.method) + ' ' + std::string(route.path));
    const auto id = "device_id=" + crowd.nas.device_id;
    const auto answer =
        route.method == "GET"
            ? crowd.stranger.get(std::string(route.path) + '?' + id)
            : crowd.stranger.post(std::string(route.path),
                                  "csrf=" + csrf + '&' + id + "&name=stolen&audience=everyone&action=revoke");
    CHECK(answer.status < 500);
    CHECK(answer.body.find("nas1") == std::string::npos);
  }
  CHECK(crowd.world.cloud.rows_of(crowd.nas.device_id) == before);
  CHECK(crowd.nas.call("GET", "/v1/device").status == 200);
}
