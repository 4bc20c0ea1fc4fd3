// A cloud with a clock that the test moves, DNS in memory, and a NAS that speaks the API by hand: nothing
// here comes from the agent, so that both cannot agree on one mistake.
#pragma once

#include "tests/cloud/cloud.hpp"
#include "tests/cloud/encoding.hpp"
#include "tests/cloud/json.hpp"

namespace refcloud::test {

/// PKCS#10, DER, signed by `key`.
std::string make_csr(EVP_PKEY* key);
/// The first certificate (DER) of a PKCS#7 certs-only bundle.
std::string first_certificate(const std::string& pkcs7_der);

struct World {
  explicit World(Settings settings = cheap());
  static Settings cheap();

  ManualClock clock;
  SeededRng rng{1};
  MemoryDns dns;
  Cloud cloud;

  Response call(const Request& request);  ///< fails the test if the answer hangs
  Response get(const std::string& target);
  Response form(const std::string& target, const std::string& body, Headers more = {});
};

json::object body_of(const Response&);
std::string text(const json::value&);
/// The last part of the problem's type, or "" if it is none.
std::string problem_of(const Response&);

/// The two answers that start the device flow.
json::object device_auth(World&, const std::string& model = "TS-453");
Response poll(World&, const json::object& device_auth);

/// A box with a key and, after enroll(), a certificate.
struct Nas {
  explicit Nas(World&);

  /// The whole way: device flow, approval by `account`, simpleenroll.
  void enroll(const std::string& account = "alice");
  Response simpleenroll(const std::string& token);
  Response reenroll(EVP_PKEY* fresh = nullptr);

  Request request(const std::string& method, const std::string& target,
                  const std::string& json_body = {}) const;
  Response call(const std::string& method, const std::string& target, const std::string& json_body = {});
  Reply watch(const std::string& query);

  std::string jkt() const;
  std::string order(const std::string& id, const std::string& scope) const;  ///< an erasure order, signed
  Response erase(const std::string& id, const std::string& scope);
  Response send_order(const std::string& id, const std::string& jws);

  World& world;
  Pkey key;
  std::string device_id;
  std::string certificate;  ///< DER
  std::string address = "5.6.7.8";
};

/// The payload of a receipt, after checking its signature with the cloud's public key.
json::object verified_receipt(World&, const std::string& jws);

}  // namespace refcloud::test
