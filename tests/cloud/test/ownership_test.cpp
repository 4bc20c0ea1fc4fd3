// docs/ownership.md, the cloud's side: nobody is bound silently, nobody keeps access, nothing is inherited.
#include "tests/cloud/test/browser.hpp"

using namespace refcloud;
using namespace refcloud::test;

namespace {

constexpr const char* order = "11111111-1111-4111-8111-111111111111";

// A box of alice's with everything that could be inherited.
struct Sold {
  World world{};
  Nas old_box{world};
  Browser alice{world};
  std::string token{};

  Sold() {
    REQUIRE(world.cloud.add_account("bob", "secret"));
    REQUIRE(world.cloud.add_account("friend", "secret"));
    old_box.enroll("alice");
    old_box.call("PUT", "/v1/name", R"({"name":"nas1"})");
    old_box.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":null})");
    old_box.call("PUT", "/v1/audience", R"({"audience":"invited","invited":["friend"]})");
    alice.sign_in();
    token = Browser::between(alice.change("/account/token", old_box.device_id, "&action=make").body,
                             "id=\"token\">", "<");
  }
  std::string dyndns2() {
    return world
        .call({"GET",
               "/nic/update?hostname=nas1.mynas.test",
               {{"Authorization", "Basic " + base64("nas1:" + token)}, {"User-Agent", "x"}},
               {},
               "5.6.7.9",
               {}})
        .body;
  }
  int found_by(const std::string& login) {
    Browser browser{world};
    browser.sign_in(login);
    return browser.get("/lookup?name=nas1").status;
  }
  // Nothing of the old registration is there for the new one.
  void inherits_nothing(Nas& box) {
    CHECK(box.device_id != old_box.device_id);
    const auto device = body_of(box.call("GET", "/v1/device"));
    CHECK(text(device.at("account")) == "bob");
    CHECK(device.at("name").is_null());
    CHECK(body_of(box.call("GET", "/v1/audience")) ==
          json::object{{"audience", "everyone"}, {"invited", json::array{}}});
    const auto stores = body_of(box.call("GET", "/v1/export")).at("stores").as_array();
    for (const auto& store : stores)
      if (const auto name = text(store.at("name"));
          name != "device" && name != "key" && name != "certificate") {
        CAPTURE(name);
        CHECK(store.at("records").as_array().empty());
      }
    CHECK(alice.get("/account/device?device_id=" + box.device_id).status == 404);
  }
};

}  // namespace

TEST_CASE("resold without a reset, unregistered by the new owner: a new device, and the old one is gone") {
  Sold s;
  REQUIRE(s.old_box.erase(order, "registration").status == 201);
  Nas box(s.world);
  box.enroll("bob");
  s.inherits_nothing(box);
  CHECK(s.world.cloud.devices_of("alice").empty());
  CHECK(s.dyndns2() == "badauth\n");
  // The name is free; who claims it gets the name alone.
  CHECK(box.call("PUT", "/v1/name", R"({"name":"nas1"})").status == 200);
  CHECK(s.dyndns2() == "badauth\n");
  CHECK(s.world.dns.zone.empty());
  box.call("PUT", "/v1/audience", R"({"audience":"invited","invited":[]})");
  CHECK(s.found_by("friend") == 404);
  CHECK(s.found_by("alice") == 404);
  CHECK(s.found_by("bob") == 200);
}

TEST_CASE("resold after a factory reset: two devices side by side, the old one its owner's until removed") {
  Sold s;
  // The reset destroyed the key, so the same hardware comes with another one.
  Nas box(s.world);
  box.enroll("bob");
  s.inherits_nothing(box);
  CHECK(s.world.cloud.devices_of("alice") == std::vector{s.old_box.device_id});
  CHECK(problem_of(box.call("PUT", "/v1/name", R"({"name":"nas1"})")) == "name-taken");
  CHECK(s.found_by("friend") == 200);
  CHECK(s.alice.change("/account/remove", s.old_box.device_id).status == 200);
  CHECK(s.found_by("friend") == 404);
  CHECK(box.call("PUT", "/v1/name", R"({"name":"nas1"})").status == 200);
  CHECK(s.world.cloud.devices_of("bob") == std::vector{box.device_id});
}

TEST_CASE("a key that is bound is not bound again: a copied box cannot enroll beside its original") {
  Sold s;
  const auto started = device_auth(s.world);
  REQUIRE(s.world.cloud.approve(text(started.at("user_code")), "bob"));
  const auto secret = text(body_of(poll(s.world, started)).at("access_token"));
  CHECK(problem_of(s.old_box.simpleenroll(secret)) == "key-in-use");
  CHECK(text(body_of(s.old_box.call("GET", "/v1/device")).at("account")) == "alice");
  CHECK(s.world.cloud.devices_of("bob").empty());
}

TEST_CASE("restored from a backup: the same key goes on, an older one does not") {
  Sold s;
  Nas restored(s.world);
  restored.key = read_private_pem(private_pem(s.old_box.key.get()));
  restored.certificate = s.old_box.certificate;
  s.world.clock.advance(40 * day);
  CHECK(restored.reenroll().status == 200);
  const auto fresh = generate_p256();
  auto renewed = s.old_box.request("GET", "/v1/device");
  renewed.client_cert_der = first_certificate(*unbase64(s.old_box.reenroll(fresh.get()).body));
  CHECK(s.world.call(renewed).status == 200);
  CHECK(problem_of(restored.call("GET", "/v1/device")) == "key-superseded");
}

TEST_CASE(
    "restored from a backup after it was unregistered or removed: 410 with the receipt, and not back in") {
  for (const bool by_box : {true, false}) {
    CAPTURE(by_box);
    Sold s;
    const auto receipt = by_box ? text(body_of(s.old_box.erase(order, "registration")).at("receipt"))
                                : *s.world.cloud.remove(s.old_box.device_id);
    for (const auto* const target : {"/v1/device", "/v1/watch", "/v1/audience", "/v1/export"}) {
      const auto answer = s.old_box.call("GET", target);
      CHECK(problem_of(answer) == "device-removed");
      CHECK(text(body_of(answer).at("receipt")) == receipt);
    }
    CHECK(problem_of(s.old_box.reenroll()) == "device-removed");
    CHECK(s.world.cloud.rows_of(s.old_box.device_id).empty());
  }
}

TEST_CASE(
    "removed by the old owner while the box runs: its watch ends at once, its name and guests are gone") {
  Sold s;
  std::string woken;
  s.world.cloud.set_on_change([&](const std::string& device) { woken = device; });
  const auto hang = s.old_box.watch("?seen=5.6.7.8&cursor=99");
  REQUIRE(std::holds_alternative<Hang>(hang));
  REQUIRE(s.alice.change("/account/remove", s.old_box.device_id).status == 200);
  CHECK(woken == s.old_box.device_id);
  CHECK(problem_of(*s.world.cloud.recheck(std::get<Hang>(hang))) == "device-removed");
  CHECK(s.dyndns2() == "badauth\n");
  for (const auto* const login : {"alice", "friend"}) CHECK(s.found_by(login) == 404);
  Nas box(s.world);
  box.enroll("bob");
  s.inherits_nothing(box);
}

TEST_CASE("claimed by a new owner: the old one can neither see, rename, remove nor follow it") {
  Sold s;
  REQUIRE(s.alice.change("/account/remove", s.old_box.device_id).status == 200);
  Nas box(s.world);
  box.enroll("bob");
  REQUIRE(box.call("PUT", "/v1/name", R"({"name":"bobs"})").status == 200);
  for (const auto* const action : {"/account/rename", "/account/remove", "/account/erase", "/account/token"})
    CHECK(s.alice.change(action, box.device_id, "&name=x&action=make").status == 404);
  // The old key is worth nothing against the new device, not even an order in its name.
  s.old_box.device_id = box.device_id;
  CHECK(s.old_box.erase("22222222-2222-4222-8222-222222222222", "registration").status == 410);
  CHECK(box.call("GET", "/v1/device").status == 200);
}

TEST_CASE("nobody is bound without an approval of this very code") {
  World world;
  const auto started = device_auth(world);
  Browser browser{world};
  browser.sign_in();
  // Seeing the code is not approving it, and neither is a link that somebody sent.
  CHECK(browser.get("/device?user_code=" + text(started.at("user_code"))).status == 200);
  CHECK(browser.get("/device?user_code=" + text(started.at("user_code")) + "&action=allow").status == 200);
  CHECK(text(body_of(poll(world, started)).at("error")) == "authorization_pending");
  CHECK(world.cloud.stats().devices == 0);
}
