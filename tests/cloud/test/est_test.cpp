#include <doctest/doctest.h>

#include "tests/cloud/test/world.hpp"

using namespace refcloud;
using namespace refcloud::test;

TEST_CASE("cacerts is PKCS#7 in one line of base64") {
  World world;
  const auto response = world.get("/.well-known/est/cacerts");
  CHECK(response.status == 200);
  CHECK(header(response.headers, "Content-Type")->starts_with("application/pkcs7-mime"));
  CHECK(response.body.find('\n') == std::string::npos);
  CHECK_FALSE(first_certificate(*unbase64(response.body)).empty());
}

TEST_CASE("a certificate of seven days for a device of its own") {
  World world;
  Nas nas(world);
  nas.enroll();
  CHECK(valid_uuid(nas.device_id));
  const auto device = body_of(nas.call("GET", "/v1/device"));
  CHECK(text(device.at("account")) == "alice");
  CHECK(device.at("name").is_null());
  CHECK(text(device.at("certificate_not_after")) == rfc3339(world.clock.now() + 7 * day));
  CHECK(world.cloud.devices_of("alice") == std::vector{nas.device_id});
}

TEST_CASE("only P-256 requests that their own key signed") {
  World world;
  Nas nas(world);
  nas.enroll();
  const auto refused = [&](const std::string& body) {
    return problem_of(world.call({"POST",
                                  "/.well-known/est/simplereenroll",
                                  {{"Content-Type", "application/pkcs10"}},
                                  body,
                                  "5.6.7.8",
                                  nas.certificate}));
  };
  CHECK(refused("") == "csr-invalid");
  CHECK(refused("????") == "csr-invalid");
  CHECK(refused(base64(make_csr(generate_ed25519().get()))) == "csr-invalid");
  auto broken = make_csr(nas.key.get());
  broken.back() = static_cast<char>(broken.back() ^ 1);
  CHECK(refused(base64(broken)) == "csr-invalid");
  CHECK(refused(base64(make_csr(nas.key.get()) + "x")) == "csr-invalid");
  // RFC 8951: with or without line breaks
  auto wrapped = base64(make_csr(nas.key.get()));
  wrapped.insert(64, "\r\n");
  CHECK(refused(wrapped).empty());
}

TEST_CASE("a bad request does not use the token up") {
  World world;
  const auto started = device_auth(world);
  REQUIRE(world.cloud.approve(text(started.at("user_code")), "alice"));
  const auto token = text(body_of(poll(world, started)).at("access_token"));
  CHECK(world
            .call({"POST",
                   "/.well-known/est/simpleenroll",
                   {{"Content-Type", "application/pkcs10"},
                    {"Authorization", "Basic " + base64("device:" + token)}},
                   "AAAA",
                   "5.6.7.8",
                   {}})
            .status == 400);
  Nas nas(world);
  CHECK(nas.simpleenroll(token).status == 200);
}

TEST_CASE("an expired certificate reaches simplereenroll and nothing else") {
  World world;
  Nas nas(world);
  nas.enroll();
  world.clock.advance(200 * day);
  world.cloud.run_retention();
  CHECK(problem_of(nas.call("GET", "/v1/device")) == "certificate-expired");
  CHECK(problem_of(nas.call("PUT", "/v1/ddns", R"({"ipv4":null,"ipv6":null})")) == "certificate-expired");
  const auto renewed = nas.reenroll();
  REQUIRE(renewed.status == 200);
  nas.certificate = first_certificate(*unbase64(renewed.body));
  CHECK(nas.call("GET", "/v1/device").status == 200);
}

TEST_CASE("a revoked key is refused everywhere, and listed") {
  World world;
  Nas nas(world);
  nas.enroll();
  const auto before = world.get("/v1/crl").body;
  REQUIRE(world.cloud.revoke(nas.device_id));
  CHECK_FALSE(world.cloud.revoke(nas.device_id));
  CHECK(problem_of(nas.call("GET", "/v1/device")) == "certificate-revoked");
  CHECK(problem_of(nas.reenroll()) == "certificate-revoked");
  CHECK(world.get("/v1/crl").body.size() > before.size());
  CHECK(world.get("/crl.pem").body.starts_with("-----BEGIN X509 CRL-----"));
  world.clock.advance(8 * day);
  CHECK(problem_of(nas.reenroll()) == "certificate-revoked");
}

TEST_CASE("a fresh key replaces the old one when it is first used, not before") {
  World world;
  Nas nas(world);
  nas.enroll();
  const auto old_certificate = nas.certificate;
  const auto lost = generate_p256();
  const auto fresh = generate_p256();
  REQUIRE(nas.reenroll(lost.get()).status == 200);  // this answer never arrives
  const auto answer = nas.reenroll(fresh.get());
  REQUIRE(answer.status == 200);
  CHECK(nas.call("GET", "/v1/device").status == 200);

  nas.certificate = first_certificate(*unbase64(answer.body));
  CHECK(nas.call("GET", "/v1/device").status == 200);
  nas.certificate = old_certificate;
  CHECK(problem_of(nas.call("GET", "/v1/device")) == "key-superseded");
  CHECK(problem_of(nas.reenroll()) == "key-superseded");

  // A key that is or was in use somewhere is nobody's fresh key; and the owner hears of the copy, once.
  nas.certificate = first_certificate(*unbase64(answer.body));
  CHECK(problem_of(nas.reenroll(nas.key.get())) == "key-in-use");
  const auto events = body_of(nas.call("GET", "/v1/watch")).at("events").as_array();
  REQUIRE(events.size() == 1);
  CHECK(text(events[0].at("type")) == "notice");
}

TEST_CASE("a key that is registered cannot enroll a second device") {
  World world;
  Nas nas(world);
  nas.enroll();
  const auto started = device_auth(world);
  REQUIRE(world.cloud.approve(text(started.at("user_code")), "alice"));
  CHECK(problem_of(nas.simpleenroll(text(body_of(poll(world, started)).at("access_token")))) == "key-in-use");
}

TEST_CASE("certificates of another authority, and none") {
  World world;
  World other;
  Nas nas(other);
  nas.enroll();
  CHECK(problem_of(world.call(nas.request("GET", "/v1/device"))) == "certificate-required");
  CHECK(problem_of(world.get("/v1/device")) == "certificate-required");
  auto request = nas.request("GET", "/v1/device");
  request.client_cert_der = "nonsense";
  CHECK(problem_of(world.call(request)) == "certificate-required");
  // Only a trusted front may speak for a client: here the header is just a header.
  request.client_cert_der.reset();
  request.headers.emplace_back("Client-Cert", ":" + base64(nas.certificate) + ":");
  CHECK(problem_of(other.call(request)) == "certificate-required");
}
