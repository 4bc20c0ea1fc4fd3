#include <unistd.h>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/cloud/test/world.hpp"

using namespace refcloud;
using namespace refcloud::test;

namespace {

constexpr const char* first_id = "11111111-1111-4111-8111-111111111111";
constexpr const char* second_id = "22222222-2222-4222-8222-222222222222";

void settle(Nas& nas) {
  nas.enroll();
  REQUIRE(nas.call("PUT", "/v1/name", R"({"name":"nas1"})").status == 200);
  REQUIRE(nas.call("PUT", "/v1/ddns", R"({"ipv4":"5.6.7.8","ipv6":"2a00:1450::1"})").status == 200);
}

json::object receipt_of(World& world, const Response& response) {
  REQUIRE((response.status == 201 || response.status == 200));
  return verified_receipt(world, text(body_of(response).at("receipt")));
}

}  // namespace

TEST_CASE("switching DDNS off: the report is gone, the name stays, the receipt matches the export") {
  World world;
  Nas nas(world);
  settle(nas);
  const auto before =
      body_of(nas.call("GET", "/v1/export?scope=ddns")).at("stores").as_array()[0].as_object();
  const auto receipt = receipt_of(world, nas.erase(first_id, "ddns"));
  CHECK(text(receipt.at("sub")) == nas.jkt());
  CHECK(text(receipt.at("status")) == "completed");
  CHECK(receipt.at("scope") == json::array{"ddns"});
  const auto& stores = receipt.at("stores").as_array();
  REQUIRE(stores.size() == 2);
  CHECK(stores[0].at("records").to_number<int>() == 1);
  CHECK(text(stores[0].at("content_sha256")) == sha256_hex(canonical(before.at("records"))));
  CHECK(*parse_rfc3339(text(stores[0].at("backup_expires_at"))) <= world.clock.now() + 180 * day);
  CHECK(world.dns.zone.empty());

  CHECK(text(body_of(nas.call("GET", "/v1/device")).at("name")) == "nas1");
  const auto after = body_of(nas.call("GET", "/v1/export?scope=ddns")).at("stores").as_array();
  CHECK(after[0].at("records").as_array().empty());
  // Nothing to erase is still an answer.
  CHECK(receipt_of(world, nas.erase(second_id, "ddns"))
            .at("stores")
            .as_array()[0]
            .at("records")
            .to_number<int>() == 0);
}

TEST_CASE("unregistering leaves no row but what the receipt names with a date") {
  World world;
  Nas nas(world);
  settle(nas);
  world.cloud.notify(nas.device_id, "hello");
  const auto fresh = generate_p256();
  REQUIRE(nas.reenroll(fresh.get()).status == 200);
  const auto export_before = body_of(nas.call("GET", "/v1/export"));
  CHECK_FALSE(world.cloud.rows_of(nas.device_id).empty());

  const auto receipt = receipt_of(world, nas.erase(first_id, "registration"));
  CHECK(world.cloud.rows_of(nas.device_id).empty());
  CHECK(world.cloud.rows_of(nas.jkt()).empty());
  CHECK(world.cloud.rows_of("nas1").empty());
  CHECK(world.cloud.rows_of(base64url(*p256_point(nas.key.get()))).empty());
  CHECK(world.dns.zone.empty());
  CHECK(world.cloud.devices_of("alice").empty());

  // Every store of the export is in the receipt, with the same content.
  CHECK(receipt.at("stores").as_array().size() == export_before.at("stores").as_array().size());
  for (const auto& store : export_before.at("stores").as_array()) {
    bool found = false;
    for (const auto& erased : receipt.at("stores").as_array()) {
      if (erased.at("name") != store.at("name")) continue;
      found = true;
      CHECK(text(erased.at("content_sha256")) == sha256_hex(canonical(store.at("records"))));
    }
    CHECK(found);
  }
  Seconds last = 0;
  for (const auto& kept : receipt.at("retained").as_array())
    last = std::max(last, *parse_rfc3339(text(kept.at("until"))));
  CHECK(last <= world.clock.now() + 180 * day);
  CHECK_FALSE(world.cloud.rows_of(first_id).empty());
  world.clock.set(last);
  world.cloud.run_retention();
  CHECK(world.cloud.rows_of(first_id).empty());
  CHECK(problem_of(nas.call("GET", "/v1/device")) == "certificate-revoked");
}

TEST_CASE("an order is executed once, and answered always") {
  World world;
  Nas nas(world);
  settle(nas);
  const auto jws = nas.order(first_id, "registration");
  const auto first = nas.send_order(first_id, jws);
  CHECK(first.status == 201);
  world.clock.advance(100 * day);
  world.cloud.run_retention();
  const auto again = nas.send_order(first_id, jws);
  CHECK(again.body == first.body);
  CHECK(world.get(std::string("/v1/erasure-requests/") + first_id).body == first.body);
  CHECK(world.cloud.stats().erasures == 1);
  CHECK(problem_of(nas.send_order(first_id, nas.order(first_id, "ddns"))) == "idempotency-key-reused");
  // Whatever else was ordered is settled by the same receipt.
  const auto late = nas.erase(second_id, "ddns");
  CHECK(late.status == 410);
  CHECK(body_of(late).at("receipt") == body_of(first).at("receipt"));
  CHECK(problem_of(world.get(std::string("/v1/erasure-requests/") + second_id)) == "not-found");
}

TEST_CASE("an order works with an expired certificate, a revoked key, a superseded key") {
  World world;
  Nas nas(world);
  settle(nas);
  const auto fresh = generate_p256();
  const auto renewed = nas.reenroll(fresh.get());
  auto request = nas.request("GET", "/v1/device");
  request.client_cert_der = first_certificate(*unbase64(renewed.body));
  REQUIRE(world.call(request).status == 200);
  world.clock.advance(30 * day);
  world.cloud.revoke(nas.device_id);
  CHECK(nas.erase(first_id, "registration").status == 201);
}

TEST_CASE("removal on the account's page settles what the NAS orders later") {
  World world;
  Nas nas(world);
  settle(nas);
  const auto receipt = world.cloud.remove(nas.device_id);
  REQUIRE(receipt);
  CHECK(verified_receipt(world, *receipt).if_contains("request_sha256") == nullptr);
  CHECK_FALSE(world.cloud.remove(nas.device_id));
  CHECK(world.cloud.rows_of(nas.device_id).empty());
  CHECK(world.dns.zone.empty());
  const auto gone = nas.call("GET", "/v1/device");
  CHECK(problem_of(gone) == "device-removed");
  CHECK(text(body_of(gone).at("receipt")) == *receipt);
  const auto order = nas.erase(first_id, "registration");
  CHECK(order.status == 410);
  CHECK(text(body_of(order).at("receipt")) == *receipt);
}

TEST_CASE("with DNS out of reach an order waits, a removal does not") {
  World world;
  Nas nas(world);
  settle(nas);
  world.dns.failing = true;
  const auto jws = nas.order(first_id, "registration");
  const auto waiting = nas.send_order(first_id, jws);
  CHECK(waiting.status == 202);
  CHECK(text(body_of(waiting).at("status")) == "in_progress");
  CHECK(header(waiting.headers, "Retry-After"));
  CHECK(world.get(std::string("/v1/erasure-requests/") + first_id).status == 202);
  CHECK(world.dns.zone.size() == 1);
  world.dns.failing = false;
  world.cloud.tick();
  CHECK(world.dns.zone.empty());
  CHECK(nas.send_order(first_id, jws).status == 201);
  CHECK(world.cloud.stats().erasures == 1);

  Nas other(world);
  settle(other);
  world.dns.failing = true;
  CHECK(world.cloud.remove(other.device_id));
  CHECK(world.cloud.rows_of(other.device_id).empty());
  world.dns.failing = false;
  world.cloud.tick();
  CHECK(world.dns.zone.empty());
}

TEST_CASE("orders that are not the device's own") {
  World world;
  Nas nas(world);
  settle(nas);
  Nas stranger(world);
  stranger.device_id = nas.device_id;
  CHECK(problem_of(stranger.erase(first_id, "registration")) == "unknown-key");
  Nas neighbor(world);
  neighbor.enroll();
  neighbor.device_id = nas.device_id;
  CHECK(problem_of(neighbor.erase(first_id, "registration")) == "unknown-key");
  auto forged = nas.order(first_id, "registration");
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  CHECK(problem_of(nas.send_order(first_id, forged)) == "bad-signature");
  CHECK(problem_of(nas.send_order(second_id, nas.order(first_id, "ddns"))) == "idempotency-key-mismatch");
  CHECK(problem_of(nas.erase(first_id, "everything")) == "bad-order");
  CHECK(problem_of(nas.send_order(first_id, "a.b")) == "bad-order");
  CHECK(world.cloud.stats().erasures == 0);
}

TEST_CASE("a receipt can be verified with the openssl program") {
  World world;
  Nas nas(world);
  settle(nas);
  const auto jws = text(body_of(nas.erase(first_id, "registration")).at("receipt"));
  const auto folder = std::filesystem::temp_directory_path() / ("refcloud-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const auto last = jws.rfind('.');
  std::ofstream(folder / "key.pem") << world.cloud.keys().receipt_public_pem();
  std::ofstream(folder / "text") << jws.substr(0, last);
  std::ofstream(folder / "signature") << *unbase64url(jws.substr(last + 1));
  const auto command =
      "cd " + folder.string() +
      " && openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in text -sigfile signature >/dev/null 2>&1";
  CHECK(std::system(command.c_str()) == 0);
  std::filesystem::remove_all(folder);
}

TEST_CASE("backups end within six months of the order, however late it comes") {
  World world;
  Nas nas(world);
  settle(nas);
  const auto jws = nas.order(first_id, "ddns");
  const auto ordered = world.clock.now();
  world.clock.advance(150 * day);
  const auto receipt = receipt_of(world, nas.send_order(first_id, jws));
  CHECK(*parse_rfc3339(text(receipt.at("stores").as_array()[0].at("backup_expires_at"))) ==
        ordered + 180 * day);
}
