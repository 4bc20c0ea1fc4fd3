#include <doctest/doctest.h>

#include "tests/cloud/test/browser.hpp"

using namespace refcloud;
using namespace refcloud::test;

TEST_CASE("pages: sign in, sign out, no script, no foreign address to go to") {
  World world;
  Browser browser{world};
  CHECK(*header(browser.get("/account").headers, "Location") == "/login?next=%2Faccount");
  CHECK(*header(browser.get("/").headers, "Location") == "/login");
  const auto page = browser.get("/login?next=//evil.example");
  CHECK(page.body.find("evil") == std::string::npos);
  CHECK(page.body.find("<script") == std::string::npos);
  CHECK(header(page.headers, "Content-Security-Policy")->starts_with("default-src 'none'"));
  CHECK(browser.post("/login", "login=alice&password=wrong").status == 403);
  CHECK(browser.post("/login", "login=bob&password=secret").status == 403);
  CHECK(browser
            .post("/login", "login=alice&password=secret",
                  {{"Origin", "https://evil.example"}, {"Host", "cloud.vendor.test"}})
            .status == 403);
  CHECK(browser.post("/login", "login=alice&password=secret", {{"Sec-Fetch-Site", "cross-site"}}).status ==
        403);
  const auto in =
      browser.post("/login", "login=alice&password=secret&next=%2Fdevice%3Fuser_code%3DBCDF-GHJK");
  CHECK(*header(in.headers, "Location") == "/device?user_code=BCDF-GHJK");
  CHECK(browser.get("/account").status == 200);
  CHECK(browser.post("/logout", "csrf=wrong").status == 403);
  const auto cookie = browser.cookie;
  CHECK(browser.post("/logout", "csrf=" + browser.csrf()).status == 303);
  browser.cookie = cookie;
  CHECK(browser.get("/account").status == 303);
}

TEST_CASE("pages: a password cannot be guessed, a session ends") {
  World world;
  Browser browser{world};
  for (int i = 0; i < 10; ++i) CHECK(browser.post("/login", "login=alice&password=no").status == 403);
  const auto limited = browser.post("/login", "login=alice&password=secret");
  CHECK(limited.status == 429);
  CHECK(*header(limited.headers, "Retry-After") == "600");
  world.clock.advance(601);
  browser.sign_in();
  world.clock.advance(12 * hour);
  CHECK(browser.get("/account").status == 303);
}

TEST_CASE("pages: one source cannot keep the cloud busy with passwords of ever new names") {
  World world;
  Browser browser{world};
  for (int i = 0; i < 50; ++i)
    CHECK(browser.post("/login", "password=no&login=guess" + std::to_string(i)).status == 403);
  CHECK(browser.post("/login", "login=alice&password=secret").status == 429);
  CHECK(world
            .call({"POST",
                   "/login",
                   {{"Content-Type", "application/x-www-form-urlencoded"}},
                   "login=alice&password=secret",
                   "8.8.8.8",
                   {}})
            .status == 303);
}

TEST_CASE("pages: approval shows which NAS asks, and needs the form of this session") {
  World world;
  Browser browser{world};
  browser.sign_in();
  const auto started = device_auth(world, "TS%3Cb%3E");
  const auto code = text(started.at("user_code"));
  const auto page = browser.get("/device?user_code=" + lower(code)).body;
  CHECK(page.find("TS&lt;b&gt;") != std::string::npos);
  CHECK(page.find("Home") != std::string::npos);
  CHECK(page.find("1234") != std::string::npos);
  CHECK(browser.post("/device", "action=allow&user_code=" + code).status == 403);
  CHECK(text(body_of(poll(world, started)).at("error")) == "authorization_pending");
  CHECK(browser.post("/device", "action=allow&user_code=" + code + "&csrf=" + browser.csrf()).status == 200);
  CHECK(browser.post("/device", "action=deny&user_code=" + code + "&csrf=" + browser.csrf()).status == 404);
  world.clock.advance(5);
  CHECK(poll(world, started).status == 200);

  const auto unwanted = device_auth(world);
  CHECK(browser
            .post("/device",
                  "action=deny&user_code=" + text(unwanted.at("user_code")) + "&csrf=" + browser.csrf())
            .status == 200);
  CHECK(text(body_of(poll(world, unwanted)).at("error")) == "access_denied");
}

TEST_CASE("pages: five wrong codes in ten minutes") {
  World world;
  Browser browser{world};
  browser.sign_in();
  const auto started = device_auth(world);
  for (int i = 0; i < 5; ++i) CHECK(browser.get("/device?user_code=BBBB-BBBB").status == 404);
  const auto limited = browser.get("/device?user_code=" + text(started.at("user_code")));
  CHECK(limited.status == 429);
  CHECK(header(limited.headers, "Retry-After"));
  world.clock.advance(9 * minute);
  CHECK(browser.get("/device?user_code=BBBB-BBBB").status == 429);
  world.clock.advance(minute);
  CHECK(browser.get("/device?user_code=BBBB-BBBB").status == 404);
}

TEST_CASE("pages: devices are renamed and removed, but only one's own") {
  World world;
  REQUIRE(world.cloud.add_account("mallory", "secret"));
  Nas nas(world);
  nas.enroll("mallory");
  Nas own(world);
  own.enroll("alice");
  Browser browser{world};
  browser.sign_in();
  const auto csrf = browser.csrf();
  CHECK(browser.post("/account/rename", "csrf=" + csrf + "&name=nas1&device_id=" + nas.device_id).status ==
        404);
  CHECK(browser.post("/account/remove", "csrf=" + csrf + "&device_id=" + nas.device_id).status == 404);
  CHECK(browser.post("/account/rename", "csrf=" + csrf + "&name=www&device_id=" + own.device_id).status ==
        422);
  CHECK(browser.post("/account/rename", "csrf=" + csrf + "&name=nas1&device_id=" + own.device_id).status ==
        303);
  CHECK(browser.get("/account").body.find("nas1.mynas.test") != std::string::npos);
  CHECK(browser.get("/account/remove?device_id=" + own.device_id).status == 200);
  CHECK(browser.post("/account/remove", "device_id=" + own.device_id).status == 403);
  const auto removed = browser.post("/account/remove", "csrf=" + csrf + "&device_id=" + own.device_id);
  CHECK(removed.status == 200);
  const auto at = removed.body.find(" readonly>") + 10;
  CHECK(text(verified_receipt(world, removed.body.substr(at, removed.body.find('<', at) - at))
                 .at("device_id")) == own.device_id);
  CHECK(problem_of(own.call("GET", "/v1/device")) == "device-removed");
  CHECK(world.cloud.devices_of("mallory").size() == 1);
}

TEST_CASE("pages: appearance is the second and last cookie") {
  World world;
  Browser browser{world};
  const auto set = browser.post("/preferences", "theme=dark");
  CHECK(header(set.headers, "Set-Cookie")->starts_with("qc_pref=dark;"));
  CHECK(browser.post("/preferences", "theme=pink").status == 400);
  const auto page = world.call({"GET", "/login", {{"Cookie", "other=1; qc_pref=dark"}}, {}, "9.9.9.9", {}});
  CHECK(page.body.find("data-theme=\"dark\"") != std::string::npos);
}
