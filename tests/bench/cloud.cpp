// The cloud on one core: `bench_cloud --devices N --database FILE --pdns-url URL --pdns-key-file FILE`
// enrolls N devices with a name each, then measures heartbeats (a watch that comes and hangs) and DNS
// updates through a real PowerDNS. Prints one JSON object.
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <vector>

#include <openssl/pkcs7.h>

#include "tests/cloud/adapter/pdns.hpp"
#include "tests/cloud/cloud.hpp"
#include "tests/cloud/encoding.hpp"
#include "tests/cloud/json.hpp"

namespace {

using namespace refcloud;
using Timer = std::chrono::steady_clock;

double since(Timer::time_point start) { return std::chrono::duration<double>(Timer::now() - start).count(); }
double cpu_seconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

// While names are made, changes are collected and handed on in bulk: the zone gets its size quickly.
class Collector : public Dns {
 public:
  explicit Collector(Dns& real) : real_(real) {}
  bool replace(const std::vector<NameRecords>& names) override {
    if (!collecting) return real_.replace(names);
    // A name comes twice, empty when it is claimed; one change may hold it once.
    for (const auto& name : names) pending_[name.fqdn] = name;
    return pending_.size() < 100 || flush();
  }
  bool flush() {
    std::vector<NameRecords> all;
    for (auto& [fqdn, name] : pending_) all.push_back(std::move(name));
    bool done = all.empty() || real_.replace(all);
    pending_.clear();
    return done;
  }
  bool collecting = true;

 private:
  Dns& real_;
  std::map<std::string, NameRecords> pending_;
};

struct Device {
  std::string certificate;  // DER
  std::string address;
};

[[noreturn]] void fail(const std::string& what, const Response& answer) {
  std::cerr << "bench_cloud: " << what << ": " << answer.status << ' ' << answer.body << '\n';
  std::exit(1);
}

class Bench {
 public:
  Bench(const std::string& database, Dns& dns)
      : cloud_(clock_, rng_, Store(database), Keys::generate(clock_.now(), rng_), dns, settings()) {
    cloud_.add_account("owner", "correct horse battery");
  }

  void enroll(std::size_t number) {
    // A key binds one device, so each gets its own.
    auto key = generate_p256();
    auto started =
        form("/device/auth",
             "client_id=qcloud-nas&scope=nas&device_model=TS&device_name=Home&device_serial_tail=1234");
    auto member = [](const Response& answer, const char* name) {
      return std::string(parse_object(answer.body).at(name).as_string());
    };
    if (!cloud_.approve(member(started, "user_code"), "owner")) fail("approve", started);
    auto token =
        form("/token",
             "client_id=qcloud-nas&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&"
             "device_code=" +
                 member(started, "device_code"));
    auto basic = "Basic " + base64("device:" + member(token, "access_token"));
    auto bundle = ask({"POST",
                       "/.well-known/est/simpleenroll",
                       {{"Content-Type", "application/pkcs10"}, {"Authorization", basic}},
                       base64(request_of(key.get())),
                       "5.6.7.8",
                       {}});
    Device device{first_certificate(*unbase64(bundle.body)), address(number)};
    put(device, "/v1/name", {{"name", "nas-" + std::to_string(number)}});
    put(device, "/v1/ddns", {{"ipv4", device.address}, {"ipv6", nullptr}});
    devices_.push_back(std::move(device));
    clock_.advance(1);
  }

  double heartbeats(double seconds) {
    auto start = Timer::now();
    auto cpu = cpu_seconds();
    std::size_t count = 0;
    while (since(start) < seconds) {
      const auto& device = pick();
      auto reply = cloud_.handle({"GET",
                                  "/v1/watch?cursor=0&hold=21600&seen=" + device.address,
                                  {},
                                  {},
                                  device.address,
                                  device.certificate});
      if (auto* answer = std::get_if<Response>(&reply)) fail("a watch that does not hang", *answer);
      ++count;
    }
    return double(count) / (cpu_seconds() - cpu);
  }

  double updates(double seconds) {
    auto start = Timer::now();
    std::size_t count = 0;
    while (since(start) < seconds) {
      auto& device = pick();
      device.address = address(devices_.size() + ++changes_);
      put(device, "/v1/ddns", {{"ipv4", device.address}, {"ipv6", nullptr}});
      ++count;
    }
    if (cloud_.stats().ddns_noops != 0) std::cerr << "bench_cloud: some updates were no-ops\n";
    return double(count) / since(start);
  }

 private:
  static Settings settings() {
    Settings settings;
    settings.scrypt_log2_n = 1;
    settings.device_codes_per_address = 1 << 30;
    return settings;
  }
  // 5.0.0.0/8 is globally reachable as a whole.
  static std::string address(std::size_t number) {
    auto part = [&](int shift) { return std::to_string((number >> shift) & 255); };
    return "5." + part(16) + '.' + part(8) + '.' + part(0);
  }
  Device& pick() { return devices_[(next_ += 7919) % devices_.size()]; }

  Response ask(const Request& request) {
    auto reply = cloud_.handle(request);
    auto* answer = std::get_if<Response>(&reply);
    if (!answer || answer->status >= 300) fail(request.target, answer ? *answer : Response{});
    return std::move(*answer);
  }
  Response form(const std::string& target, const std::string& body) {
    return ask(
        {"POST", target, {{"Content-Type", "application/x-www-form-urlencoded"}}, body, "5.6.7.8", {}});
  }
  void put(const Device& device, const std::string& target, const json::object& body) {
    ask({"PUT",
         target,
         {{"Content-Type", "application/json"}},
         json::serialize(body),
         device.address,
         device.certificate});
  }
  static std::string request_of(EVP_PKEY* key) {
    std::unique_ptr<X509_REQ, Freer<X509_REQ_free>> request(X509_REQ_new());
    X509_REQ_set_pubkey(request.get(), key);
    X509_REQ_sign(request.get(), key, EVP_sha256());
    unsigned char* der = nullptr;
    const int size = i2d_X509_REQ(request.get(), &der);
    std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
  }
  static std::string first_certificate(const std::string& pkcs7) {
    const auto* at = reinterpret_cast<const unsigned char*>(pkcs7.data());
    std::unique_ptr<PKCS7, Freer<PKCS7_free>> bundle(
        d2i_PKCS7(nullptr, &at, static_cast<long>(pkcs7.size())));
    unsigned char* der = nullptr;
    const int size = i2d_X509(sk_X509_value(bundle->d.sign->cert, 0), &der);
    std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
  }

  ManualClock clock_;
  SeededRng rng_{1};
  Cloud cloud_;
  std::vector<Device> devices_;
  std::size_t next_ = 0, changes_ = 0;
};

std::string argument(int argc, char** argv, const char* name) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::strcmp(argv[i], name) == 0) return argv[i + 1];
  std::cerr << "bench_cloud: " << name << " is missing\n";
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  std::ifstream key_file(argument(argc, argv, "--pdns-key-file"));
  std::string key;
  std::getline(key_file, key);
  PowerDns pdns(argument(argc, argv, "--pdns-url"), key, "mynas.test");
  Collector dns(pdns);
  Bench bench(argument(argc, argv, "--database"), dns);
  auto devices = std::stoul(argument(argc, argv, "--devices"));

  auto start = Timer::now();
  for (std::size_t i = 0; i < devices; ++i) bench.enroll(i);
  if (!dns.flush()) {
    std::cerr << "bench_cloud: PowerDNS did not take the names\n";
    return 1;
  }
  auto prefill = since(start);
  dns.collecting = false;
  json::object out{{"devices", devices}, {"prefill_seconds", prefill}};
  out["heartbeats_per_cpu_second"] = bench.heartbeats(5);
  out["updates_per_second"] = bench.updates(8);
  std::cout << json::serialize(out) << '\n';
}
