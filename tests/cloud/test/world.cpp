#include "tests/cloud/test/world.hpp"

#include <doctest/doctest.h>
#include <openssl/pkcs7.h>

namespace refcloud::test {
namespace {

using Csr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;

const Headers form_headers{{"Content-Type", "application/x-www-form-urlencoded"}};

}  // namespace

std::string make_csr(EVP_PKEY* key) {
  const Csr csr(X509_REQ_new());
  X509_REQ_set_pubkey(csr.get(), key);
  X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(csr.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("ignored"), -1, -1, 0);
  X509_REQ_sign(csr.get(), key, EVP_PKEY_is_a(key, "ED25519") ? nullptr : EVP_sha256());
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(csr.get(), &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

std::string first_certificate(const std::string& pkcs7_der) {
  const auto* at = reinterpret_cast<const unsigned char*>(pkcs7_der.data());
  const std::unique_ptr<PKCS7, Freer<PKCS7_free>> bundle(
      d2i_PKCS7(nullptr, &at, static_cast<long>(pkcs7_der.size())));
  REQUIRE(bundle);
  auto* const certificate = sk_X509_value(bundle->d.sign->cert, 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

Settings World::cheap() {
  Settings settings;
  settings.scrypt_log2_n = 1;
  return settings;
}

World::World(Settings settings)
    : cloud(clock, rng, Store(), Keys::generate(clock.now(), rng), dns, std::move(settings)) {
  cloud.add_account("alice", "secret");
}

Response World::call(const Request& request) {
  auto reply = cloud.handle(request);
  REQUIRE(std::holds_alternative<Response>(reply));
  return std::get<Response>(std::move(reply));
}

Response World::get(const std::string& target) { return call({"GET", target, {}, {}, "5.6.7.8", {}}); }

Response World::form(const std::string& target, const std::string& body, Headers more) {
  more.insert(more.end(), form_headers.begin(), form_headers.end());
  return call({"POST", target, std::move(more), body, "5.6.7.8", {}});
}

json::object body_of(const Response& response) { return parse_object(response.body); }
std::string text(const json::value& value) { return std::string(value.as_string()); }

std::string problem_of(const Response& response) {
  const auto* const type = header(response.headers, "Content-Type");
  if (!type || *type != "application/problem+json") return {};
  const auto full = text(body_of(response).at("type"));
  return full.substr(full.rfind(':') + 1);
}

json::object device_auth(World& world, const std::string& model) {
  const auto response = world.form(
      "/device/auth",
      "client_id=qcloud-nas&scope=nas&device_name=Home&device_serial_tail=1234&device_model=" + model);
  REQUIRE(response.status == 200);
  return body_of(response);
}

Response poll(World& world, const json::object& started) {
  return world.form(
      "/token",
      "client_id=qcloud-nas&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=" +
          text(started.at("device_code")));
}

Nas::Nas(World& w) : world(w), key(generate_p256()) {}

void Nas::enroll(const std::string& account) {
  const auto started = device_auth(world);
  REQUIRE(world.cloud.approve(text(started.at("user_code")), account));
  const auto token = poll(world, started);
  REQUIRE(token.status == 200);
  REQUIRE(simpleenroll(text(body_of(token).at("access_token"))).status == 200);
  device_id = text(body_of(call("GET", "/v1/device")).at("device_id"));
}

Response Nas::simpleenroll(const std::string& token) {
  auto response = world.call(
      {"POST",
       "/.well-known/est/simpleenroll",
       {{"Content-Type", "application/pkcs10"}, {"Authorization", "Basic " + base64("device:" + token)}},
       base64(make_csr(key.get())),
       address,
       {}});
  if (response.status == 200) certificate = first_certificate(*unbase64(response.body));
  return response;
}

Response Nas::reenroll(EVP_PKEY* fresh) {
  return world.call({"POST",
                     "/.well-known/est/simplereenroll",
                     {{"Content-Type", "application/pkcs10"}},
                     base64(make_csr(fresh ? fresh : key.get())),
                     address,
                     certificate});
}

Request Nas::request(const std::string& method, const std::string& target,
                     const std::string& json_body) const {
  Request out{method, target, {}, json_body, address, certificate};
  if (!json_body.empty()) out.headers.emplace_back("Content-Type", "application/json");
  return out;
}

Response Nas::call(const std::string& method, const std::string& target, const std::string& json_body) {
  return world.call(request(method, target, json_body));
}
Reply Nas::watch(const std::string& query) { return world.cloud.handle(request("GET", "/v1/watch" + query)); }

std::string Nas::jkt() const { return jwk_thumbprint(*p256_point(key.get())); }

std::string Nas::order(const std::string& id, const std::string& scope) const {
  const json::object head{{"alg", "ES256"}, {"typ", "erasure-request+jwt"}, {"kid", jkt()}};
  const json::object payload{{"subject_request_id", id},
                             {"subject_request_type", "erasure"},
                             {"device_id", device_id},
                             {"scope", json::array{scope}},
                             {"submitted_time", rfc3339(world.clock.now())}};
  const auto signed_text = base64url(json::serialize(head)) + '.' + base64url(json::serialize(payload));
  return signed_text + '.' + base64url(sign_es256(key.get(), signed_text));
}

Response Nas::erase(const std::string& id, const std::string& scope) {
  return send_order(id, order(id, scope));
}

Response Nas::send_order(const std::string& id, const std::string& jws) {
  return world.call({"POST",
                     "/v1/erasure-requests",
                     {{"Content-Type", "application/json"}, {"Idempotency-Key", id}},
                     json::serialize(json::object{{"request", jws}}),
                     address,
                     {}});
}

json::object verified_receipt(World& world, const std::string& jws) {
  const auto first = jws.find('.');
  const auto last = jws.rfind('.');
  const auto signature = *unbase64url(jws.substr(last + 1));
  const auto signed_text = jws.substr(0, last);
  const std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, world.cloud.keys().receipt_key.get());
  REQUIRE(EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                           signature.size(), reinterpret_cast<const unsigned char*>(signed_text.data()),
                           signed_text.size()) == 1);
  return parse_object(*unbase64url(jws.substr(first + 1, last - first - 1)));
}

}  // namespace refcloud::test
