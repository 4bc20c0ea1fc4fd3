// The cloud on one core: `bench_cloud --devices N --database FILE --pdns-url URL --pdns-key-file FILE` fills
// the store with N devices, each with its own key, certificate, name and address, then measures heartbeats (a
// watch that comes and hangs) and DNS updates through a real PowerDNS, whose zone the caller has filled.
// Prints one JSON object.
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <vector>

#include "tests/cloud/adapter/pdns.hpp"
#include "tests/cloud/cloud.hpp"
#include "tests/cloud/encoding.hpp"
#include "tests/cloud/json.hpp"

namespace {

using namespace refcloud;
using Timer = std::chrono::steady_clock;

double since(Timer::time_point start) { return std::chrono::duration<double>(Timer::now() - start).count(); }
double cpu_seconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

struct Device {
  std::string certificate;  // DER
  std::string address;
};

// 5.0.0.0/8 is globally reachable as a whole.
std::string address(std::size_t number) {
  auto part = [&](int shift) { return std::to_string((number >> shift) & 255); };
  return "5." + part(16) + '.' + part(8) + '.' + part(0);
}

// What registering, claiming a name and reporting an address leave in the store, in one transaction.
std::vector<Device> fill(Db& db, const Keys& keys, Rng& rng, Seconds now, std::size_t count) {
  std::vector<Device> devices;
  devices.reserve(count);
  Transaction transaction(db);
  for (std::size_t i = 0; i < count; ++i) {
    const auto key = generate_p256();
    const auto point = p256_point(key.get()).value();
    const auto id = random_uuid(rng);
    auto issued = issue_device_certificate(keys, rng, point, id, now, Seconds{7} * 24 * 3600);
    db.run(
        "INSERT INTO devices(id, account, model, device_name, serial_tail, registered) VALUES(?, ?, 'TS', "
        "'Home', '1234', ?)",
        id, "owner-" + std::to_string(i / 2), now);
    db.run("INSERT INTO keys(jkt, device, point, state, since) VALUES(?, ?, ?, 'active', ?)",
           jwk_thumbprint(point), id, base64url(point), now);
    db.run("INSERT INTO certificates(serial, device, not_before, not_after) VALUES(?, ?, ?, ?)",
           issued.serial, id, issued.not_before, issued.not_after);
    db.run("INSERT INTO names(name, device, claimed) VALUES(?, ?, ?)", "nas-" + std::to_string(i), id, now);
    db.run("INSERT INTO ddns(device, ipv4, ipv6, updated, revision) VALUES(?, ?, NULL, ?, 1)", id, address(i),
           now);
    devices.push_back({std::move(issued.der), address(i)});
  }
  transaction.commit();
  return devices;
}

class Bench {
 public:
  Bench(const std::string& database, Dns& dns, std::size_t count)
      : keys_(Keys::generate(clock_.now(), rng_)), cloud_(make(database, dns, count)) {}

  // `cold`: each certificate comes for the first time, and is verified; as often as there are devices.
  double heartbeats(double seconds, bool cold) {
    auto start = Timer::now();
    auto cpu = cpu_seconds();
    std::size_t count = 0;
    while (cold ? count < devices_.size() : since(start) < seconds) {
      const auto& device = cold ? devices_[count] : pick();
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
      const json::object report{{"ipv4", device.address}, {"ipv6", nullptr}};
      auto reply = cloud_.handle({"PUT",
                                  "/v1/ddns",
                                  {{"Content-Type", "application/json"}},
                                  json::serialize(report),
                                  device.address,
                                  device.certificate});
      auto* answer = std::get_if<Response>(&reply);
      if (!answer || answer->status != 200) fail("PUT /v1/ddns", answer ? *answer : Response{});
      ++count;
    }
    if (cloud_.stats().ddns_noops != 0) std::cerr << "bench_cloud: some updates were no-ops\n";
    return double(count) / since(start);
  }

 private:
  [[noreturn]] static void fail(const std::string& what, const Response& answer) {
    std::cerr << "bench_cloud: " << what << ": " << answer.status << ' ' << answer.body << '\n';
    std::exit(1);
  }
  Cloud make(const std::string& database, Dns& dns, std::size_t count) {
    Store store(database);
    devices_ = fill(store.db, keys_, rng_, clock_.now(), count);
    return Cloud(clock_, rng_, std::move(store), std::move(keys_), dns);
  }
  // A stride that meets all of them, far from the one before.
  Device& pick() { return devices_[(next_ += 7919) % devices_.size()]; }

  ManualClock clock_;
  SeededRng rng_{1};
  Keys keys_;
  std::vector<Device> devices_;
  Cloud cloud_;
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
  PowerDns dns(argument(argc, argv, "--pdns-url"), key, "mynas.test");
  auto devices = std::stoul(argument(argc, argv, "--devices"));

  auto start = Timer::now();
  Bench bench(argument(argc, argv, "--database"), dns, devices);
  json::object out{{"devices", devices}, {"fill_seconds", since(start)}};
  out["first_heartbeats_per_cpu_second"] = bench.heartbeats(0, true);
  out["heartbeats_per_cpu_second"] = bench.heartbeats(5, false);
  out["updates_per_second"] = bench.updates(8);
  std::cout << json::serialize(out) << '\n';
}
