// "My devices": the page of one NAS, and that everything on it works for its owner only.
#include "tests/cloud/test/browser.hpp"

using namespace refcloud;
using namespace refcloud::test;

namespace {

struct Home {
  World world{};
  Nas nas{world};
  Browser browser{world};

  Home() {
    nas.enroll();
    REQUIRE(nas.call("PUT", "/v1/name", R"({"name":"nas1"})").status == 200);
    REQUIRE(nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":null})").status == 200);
    browser.sign_in();
  }
  std::string page() { return browser.get("/account/device?device_id=" + nas.device_id).body; }
  bool shows(const std::string& what) { return page().find(what) != std::string::npos; }
};

std::string receipt_in(const std::string& page) { return Browser::between(page, " readonly>", "<"); }

}  // namespace

TEST_CASE("A4: the page shows all that is stored, and gives it as a file") {
  Home home;
  REQUIRE(home.nas.call("PUT", "/v1/audience", R"({"audience":"invited","invited":["bob"]})").status == 200);
  const auto exported = body_of(home.nas.call("GET", "/v1/export"));
  const auto page = home.page();
  for (const auto* const title : {"Addresses (1)", "Invited accounts (1)", "Keys (1)", "Update token (0)"})
    CHECK(page.find(std::string("<summary>") + title) != std::string::npos);
  for (const auto& store : exported.at("stores").as_array()) {
    for (const auto& record : store.at("records").as_array())
      for (const auto& [member, value] : record.as_object()) {
        CAPTURE(member);
        if (value.is_string() && !parse_rfc3339(text(value)))
          CHECK(page.find(text(value)) != std::string::npos);
      }
  }
  const auto file = home.browser.get("/account/export?device_id=" + home.nas.device_id);
  CHECK(body_of(file) == exported);
  CHECK(header(file.headers, "Content-Disposition")->starts_with("attachment"));
  const auto all = body_of(home.browser.get("/account/export"));
  CHECK(all.at("devices").as_array().at(0) == exported);
  CHECK(all.at("stores").as_array().size() == 6);
}

TEST_CASE("A4: names, and who may look it up, from the page") {
  Home home;
  const auto& id = home.nas.device_id;
  const auto saved = home.browser.change("/account/rename", id, "&name=Nas-2");
  CHECK(*header(saved.headers, "Location") == "/account/device?device_id=" + id + "&done=saved");
  CHECK(home.shows("nas-2.mynas.test"));
  CHECK(home.world.dns.zone.count("nas-2.mynas.test") == 1);
  CHECK(home.browser.change("/account/device-name", id, "&device_name=Attic+%3Cb%3E").status == 303);
  CHECK(home.shows("Attic &lt;b&gt;"));
  CHECK(text(body_of(home.nas.call("GET", "/v1/device")).at("device_name")) == "Attic <b>");
  CHECK(home.browser.change("/account/device-name", id, "&device_name=a%0ab").status == 422);

  CHECK(home.browser.change("/account/audience", id, "&audience=invited&invited=Bob%0D%0Acarol%2C+dave")
            .status == 303);
  CHECK(body_of(home.nas.call("GET", "/v1/audience")) ==
        json::object{{"audience", "invited"}, {"invited", json::array{"bob", "carol", "dave"}}});
  CHECK(home.world.dns.zone.empty());
  CHECK(home.shows("value=\"invited\" checked"));
  CHECK(home.browser.change("/account/audience", id, "&audience=friends&invited=").status == 400);
  CHECK(home.browser.change("/account/audience", id, "&audience=owner").status == 400);
  CHECK(home.browser.change("/account/audience", id, "&audience=owner&invited=n%C3%A4s").status == 422);
  home.world.dns.failing = true;
  CHECK(home.browser.change("/account/audience", id, "&audience=everyone&invited=").status == 503);
}

TEST_CASE("the NAS corrects its own name") {
  Home home;
  const auto before = body_of(home.nas.call("GET", "/v1/device"));
  CHECK(text(before.at("device_name")) == "Home");
  CHECK(text(before.at("device_model")) == "TS-453");
  const auto patch = [&](const std::string& body) { return home.nas.call("PATCH", "/v1/device", body); };
  auto after = body_of(patch(R"({"device_name":"Attic"})"));
  CHECK(text(after.at("device_name")) == "Attic");
  after["device_name"] = "Home";
  CHECK(after == before);
  CHECK(patch(R"({"device_name":""})").status == 200);
  CHECK(problem_of(patch(R"({"device_name":"a\nb"})")) == "device-name-invalid");
  CHECK(problem_of(patch("{\"device_name\":\"" + std::string(65, 'x') + "\"}")) == "device-name-invalid");
  CHECK(problem_of(patch(R"({"device_model":"x"})")) == "unknown-member");
  CHECK(problem_of(patch("{}")) == "bad-member");
}

TEST_CASE("A4: erasing the addresses of a box that is away, with a receipt to take along") {
  Home home;
  const auto hang = home.nas.watch("?seen=5.6.7.8&cursor=99");
  REQUIRE(std::holds_alternative<Hang>(hang));
  CHECK(home.browser.get("/account/erase?device_id=" + home.nas.device_id).status == 200);
  CHECK(home.world.dns.zone.size() == 1);
  const auto done = home.browser.change("/account/erase", home.nas.device_id);
  CHECK(done.status == 200);
  CHECK(home.world.dns.zone.empty());
  const auto jws = receipt_in(done.body);
  const auto receipt = verified_receipt(home.world, jws);
  CHECK(receipt.at("scope") == json::array{"ddns"});
  CHECK(text(receipt.at("device_id")) == home.nas.device_id);
  CHECK(receipt.if_contains("request_sha256") == nullptr);
  // It stays registered, keeps its name, and is told.
  const auto heard = body_of(home.nas.call("GET", "/v1/watch"));
  CHECK(text(heard.at("name")) == "nas1");
  CHECK(heard.at("reported") == json::object{{"ipv4", nullptr}, {"ipv6", nullptr}});
  CHECK(text(heard.at("events").as_array().back().at("type")) == "notice");

  const auto link = Browser::between(done.body, "href=\"/receipt?id=", "\"");
  home.browser.cookie.clear();
  const auto file = home.browser.get("/receipt?id=" + link);
  CHECK(file.body == jws);
  CHECK(*header(file.headers, "Content-Type") == "application/jose");
  CHECK(*header(file.headers, "Content-Disposition") == "attachment; filename=\"receipt-" + link + ".jws\"");
  for (const auto* const bad : {"", "?id=", "?id=x", "?id=11111111-1111-4111-8111-111111111111",
                                "?id=11111111-1111-4111-8111-111111111111%22%0d%0aX:%20y"}) {
    CAPTURE(bad);
    CHECK(home.browser.get(std::string("/receipt") + bad).status == 404);
  }
  home.world.clock.advance(180 * day);
  home.world.cloud.run_retention();
  CHECK(home.browser.get("/receipt?id=" + link).status == 404);
}

TEST_CASE("every act needs this session's form, and a NAS of this account") {
  Home home;
  REQUIRE(home.world.cloud.add_account("mallory", "secret"));
  const auto& id = home.nas.device_id;
  const std::pair<const char*, const char*> acts[] = {
      {"/account/rename", "&name=mine"},
      {"/account/device-name", "&device_name=mine"},
      {"/account/audience", "&audience=owner&invited=mallory"},
      {"/account/token", "&action=make"},
      {"/account/token", "&action=revoke"},
      {"/account/erase", ""},
      {"/account/remove", ""}};
  const auto before = body_of(home.nas.call("GET", "/v1/export")).at("stores");
  for (const auto& [action, more] : acts) {
    CAPTURE(action);
    CHECK(home.browser.post(action, "device_id=" + id + more).status == 403);
    CHECK(home.browser.post(action, "csrf=x&device_id=" + id + more).status == 403);
  }
  CHECK(home.browser.post("/account/delete", "password=secret").status == 403);
  Browser mallory{home.world};
  mallory.sign_in("mallory");
  for (const auto& [action, more] : acts) {
    CAPTURE(action);
    CHECK(mallory.change(action, id, more).status == 404);
    // Not even with the victim's form in the own session.
    CHECK(mallory.post(action, "csrf=" + home.browser.csrf() + "&device_id=" + id + more).status == 403);
  }
  for (const auto* const page : {"device", "erase", "remove", "export"}) {
    const auto target = std::string("/account/") + page + "?device_id=" + id;
    CHECK(mallory.get(target).status == 404);
    CHECK(Browser{home.world}.get(target).status == 303);
  }
  CHECK(body_of(home.nas.call("GET", "/v1/export")).at("stores") == before);
}

TEST_CASE("heartbeat_seconds: the operator's wish, for one NAS or for all") {
  Home home;
  const auto operate = [&](const std::string& body) {
    return home.world.cloud.operate({"POST", "/heartbeat", {}, body, {}, {}}).status;
  };
  const auto wish = [&] {
    const auto answer = body_of(home.nas.call("GET", "/v1/watch?seen=5.6.7.8&hold=0"));
    const auto* const value = answer.if_contains("heartbeat_seconds");
    return value ? value->to_number<int>() : 0;
  };
  CHECK(wish() == 0);
  CHECK(operate(R"({"device_id":null,"seconds":3600})") == 200);
  CHECK(wish() == 3600);
  CHECK(operate("{\"device_id\":\"" + home.nas.device_id + "\",\"seconds\":60}") == 200);
  CHECK(wish() == 60);
  CHECK(operate("{\"device_id\":\"" + home.nas.device_id + "\",\"seconds\":null}") == 200);
  CHECK(wish() == 3600);
  CHECK(operate(R"({"device_id":null,"seconds":59})") == 404);
  CHECK(operate(R"({"device_id":null,"seconds":86401})") == 404);
  CHECK(operate(R"({"device_id":"nobody","seconds":60})") == 404);
  CHECK(operate(R"({"device_id":null,"seconds":null})") == 200);
  CHECK(wish() == 0);
}
