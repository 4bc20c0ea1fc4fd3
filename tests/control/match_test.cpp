#include <doctest/doctest.h>

#include <algorithm>

#include "agent/control/api.hpp"
#include "agent/control/owner_words.hpp"

using namespace qcloud;

namespace {

std::vector<Route> table() {
  return {{"GET", "/v1/status", Access::everyone, nullptr, {}},
          {"GET", "/v1/manifest", Access::admin, nullptr, {}},
          {"GET", "/v1/manifest/{name}", Access::admin, nullptr, {}},
          {"PUT", "/v1/features/{name}", Access::admin, nullptr, {"on"}},
          {"GET", "/v1/name", Access::admin, nullptr, {}},
          {"PUT", "/v1/name", Access::admin, nullptr, {"name"}},
          {"DELETE", "/v1/name", Access::admin, nullptr, {}}};
}
const std::vector<Route> routes = table();

}  // namespace

TEST_CASE("control match: path, parameter, query") {
  auto found = match(routes, "GET", "/v1/status");
  REQUIRE(found.route);
  CHECK(found.route->path == "/v1/status");
  CHECK(found.request.method == "GET");

  found = match(routes, "PUT", "/v1/features/ddns?wait=5&x=a%20b+c");
  REQUIRE(found.route);
  CHECK(found.request.path.at("name") == "ddns");
  CHECK(found.request.query.at("wait") == "5");
  auto x = found.request.query.at("x");
  CHECK((x == "a b+c" || x == "a b c"));

  found = match(routes, "GET", "/v1/manifest");
  REQUIRE(found.route);
  CHECK(found.route->path == "/v1/manifest");
  found = match(routes, "GET", "/v1/manifest/a%2Fb");
  REQUIRE(found.route);
  CHECK(found.request.path.at("name") == "a/b");  // one segment, decoded after splitting
}

TEST_CASE("control match: what is not in the table is denied") {
  for (auto target : {"",
                      "/",
                      "v1/status",
                      "/v1",
                      "/v1/",
                      "/v1/statusx",
                      "/v1/status/",
                      "/v1/status/x",
                      "//v1/status",
                      "/v1//status",
                      "/V1/status",
                      "/v1/features",
                      "/v1/features/",
                      "/v1/features/a/b",
                      "/v1/manifest/",
                      "/v1/../v1/status",
                      "http://localhost/v1/status",
                      "/v1/stat%75s%00",
                      "*",
                      "/v1/status#x",
                      "/v1/manifest/%zz",
                      "/v1/manifest/%2"}) {
    CAPTURE(std::string(target));
    for (auto method : {"GET", "PUT", "DELETE", "POST"})
      CHECK(match(routes, method, target).route == nullptr);
  }
}

TEST_CASE("control match: a known path with another method says which would do") {
  auto found = match(routes, "POST", "/v1/name");
  CHECK(found.route == nullptr);
  CHECK(found.path_known);
  auto allow = found.allow;
  std::sort(allow.begin(), allow.end());
  CHECK(allow == std::vector<std::string>{"DELETE", "GET", "PUT"});
  CHECK_FALSE(match(routes, "GET", "/v1/nowhere").path_known);
  for (auto method : {"get", "HEAD", "OPTIONS", "CONNECT", "TRACE", "", "GET "})
    CHECK(match(routes, method, "/v1/status").route == nullptr);
}

TEST_CASE("control problems: RFC 9457 with the words for the owner") {
  Error error{"name.invalid", Retry::give_up, "A name has 3 to 32 characters", "Choose a longer one."};
  auto problem = problem_of(error, 422);
  auto type = std::string(problem.at("type").as_string());
  CHECK(type.rfind("urn:qcloud:problem:", 0) == 0);
  CHECK(type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", 19) == std::string::npos);
  CHECK(problem.at("status") == 422);
  CHECK(problem.at("fix") == "Choose a longer one.");
  CHECK(problem.at("detail").as_string().find("3 to 32") != std::string::npos);
  CHECK(problem.at("retryable") == false);
  CHECK_FALSE(problem.at("title").as_string().empty());
  CHECK(problem_of({"net.timeout", Retry::retry_soon, "no answer", ""}, 503).at("retryable") == true);
  CHECK(problem_of({"cloud.name-taken", Retry::wait_for_owner, "taken", ""}, 409).at("type") ==
        "urn:qcloud:problem:name-taken");
}

TEST_CASE("control problems: the table of statuses") {
  auto status = [](const char* code) { return status_of({code, Retry::give_up, "x", ""}); };
  CHECK(status("net.timeout") == 503);
  CHECK(status("net.dns_failed") == 503);
  CHECK(status("cloud.bad_answer") == 502);
  CHECK(status("store.failed") == 500);
  CHECK(status("cloud.name-taken") == 409);
  CHECK(status("cloud.device-removed") == 410);
  for (auto code : {"", "unheard.of", "gate.too_large"}) CHECK(status(code) >= 400);
}

TEST_CASE("A2 owner's words: a public name is checked before anything is sent") {
  for (std::string good :
       {"nas", "nas1", "my-nas-1", "a1-b2-c3", "12a", "abcdefghijklmnopqrstuvwxyz012345"}) {
    CAPTURE(good);
    auto name = owner_name(good);
    REQUIRE(name);
    CHECK(name->json().as_string() == good);
  }
  auto upper = owner_name("NAS1");
  REQUIRE(upper);
  CHECK(upper->json() == "nas1");
  for (std::string bad :
       {"", "a", "ab", "abcdefghijklmnopqrstuvwxyz0123456", "-nas", "nas-", "my--nas", "123", "n_as", "n as",
        "n.as", "n\xc3\xa4s", "nas!", "nas\n", " nas", "nas/1", "xn--abc"}) {
    CAPTURE(bad);
    auto name = owner_name(bad);
    REQUIRE_FALSE(name);
    CHECK(name.error().code == "name.invalid");
    CHECK_FALSE(name.error().detail.empty());
  }
  CHECK(owner_feature("ddns").json() == "ddns");
}
