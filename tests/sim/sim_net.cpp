#include "tests/sim/sim_net.hpp"

#include <openssl/x509.h>

#include "agent/cloud/device_key.hpp"
#include "agent/core/race.hpp"
#include "agent/net/tls_identity.hpp"
#include "tests/sim/sim_rules.hpp"

namespace sim {

using qcloud::Error;
using qcloud::HttpRequest;
using qcloud::HttpResponse;
using qcloud::Result;
using qcloud::Retry;

namespace {

refcloud::Settings settings() {
  refcloud::Settings s;
  s.scrypt_log2_n = 1;
  s.access_log = false;
  s.device_codes_per_address = 1'000'000;
  return s;
}

Error net_error(const char* code) { return {code, Retry::retry_soon, code, ""}; }

std::string der_of(const X509* certificate) {
  unsigned char* bytes = nullptr;
  int size = i2d_X509(certificate, &bytes);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace

void Verdict::fail(const std::string& invariant, const std::string& what) {
  if (violations.size() < 50) violations.push_back(invariant + ": " + what);
}

CloudHost::CloudHost(boost::asio::io_context& io, Time& time, std::uint64_t seed)
    : clock(time),
      rng(seed),
      cloud(clock, rng, refcloud::Store(":memory:"), refcloud::Keys::generate(clock.now(), rng), dns,
            settings()),
      relays(io, time, cloud) {
  cloud.set_on_change([this](const std::string& device) {
    for (auto* signal : hanging[device]) signal->notify();
    relays.changed(device);
  });
}

SimTransport::SimTransport(boost::asio::io_context& io, Time& time, CloudHost& host, SimRng rng,
                           Verdict& verdict, Counters& counters)
    : io_(io), time_(time), host_(host), rng_(rng), verdict_(verdict), counters_(counters) {}

void SimTransport::set_public_address(const std::string& address) {
  if (address == public_address_) return;
  public_address_ = address;
  break_connections();
}

void SimTransport::break_connections() {
  for (auto* signal : breaks_) signal->notify();
  for (auto* stream : streams_) stream->lose(rng_);
}

void SimTransport::check_allowed(const HttpRequest& request) {
  auto path = request.target.substr(0, request.target.find('?'));
  auto feature = feature_of(request.method, path);
  auto at = qcloud::to_rfc3339(time_.wall()) + " " + request.method + " " + path;
  if (feature.empty()) verdict_.fail("A2", at + " is no request of the contract");
  if (feature == "ddns" && !allowed.ddns) verdict_.fail("A1", at + " while the switch is off");
  if (feature == "enroll" && !allowed.any_on && !allowed.commanded)
    verdict_.fail("A1", at + " with every switch off");
  if (feature == "erasure" && !allowed.order_open && !allowed.commanded)
    verdict_.fail("A1", at + " without an order");
  for (const auto& member : unknown_members(request.method, path, request.target, request.body))
    verdict_.fail("A2", at + " sends \"" + member + "\"");
  if (!allowed.serial.empty() && (request.body + request.target).find(allowed.serial) != std::string::npos)
    verdict_.fail("A2", at + " holds the serial number");
  if (request.identity &&
      allowed.banned_devices.contains(qcloud::common_name(request.identity->certificate())))
    verdict_.fail("R1", at + " uses an identity that was made on other hardware");
}

Task<Result<HttpResponse>> SimTransport::exchange(HttpRequest request, qcloud::Meter& meter) {
  struct Open {
    std::map<qcloud::Meter*, int>& open;
    qcloud::Meter* meter;
    std::int64_t row = 0;
    qcloud::ConnectionEnd end = qcloud::ConnectionEnd::aborted;
    ~Open() {
      --open[meter];
      if (row) meter->closed(row, 1500, 1500, end);
    }
  };
  ++open_[&meter];
  Open open{open_, &meter};
  auto deadline = request.deadline;
  if (request.trace) request.trace->addresses = {"5.6.8.1"};
  open.row = meter.opened({"tcp", "10.0.0.2:40000", "5.6.8.1:443", request.message});
  if (!open.row) co_return net_error("gate.switched_off");
  auto done = co_await qcloud::before(serve(std::move(request)), time_.sleep_until(deadline));
  open.end = qcloud::ConnectionEnd::closed;
  if (!done) co_return net_error("net.timeout");
  co_return std::move(*done);
}

// As far as the other side: what the network does to everything alike.
Task<qcloud::Status> SimTransport::reach() {
  if (faults.dns_down) {
    co_await time_.sleep_until(time_.now() + 4500ms);
    co_return net_error("net.dns_failed");
  }
  co_await time_.sleep_until(time_.now() + faults.delay * 3);
  if (faults.down) {
    co_await time_.sleep_until(time_.now() + 15s);
    co_return net_error("net.timeout");
  }
  if (rng_.chance(faults.loss / 2)) co_return net_error("net.reset");
  co_return qcloud::Status{};
}

Task<Result<HttpResponse>> SimTransport::serve(HttpRequest request) {
  check_allowed(request);  // it leaves the box now, whatever becomes of it
  ++counters_.requests;
  auto reached = co_await reach();
  if (!reached) co_return std::move(reached).error();

  refcloud::Request question;
  question.method = request.method;
  question.target = request.target;
  for (const auto& [name, value] : request.headers) question.headers.emplace_back(name, value);
  question.headers.emplace_back("Host", "cloud.vendor.test");
  question.headers.emplace_back("Content-Length", std::to_string(request.body.size()));
  question.body = request.body;
  question.peer_address = public_address_;
  if (request.identity) question.client_cert_der = der_of(request.identity->certificate());

  if (faults.server_errors) {
    HttpResponse trouble;
    trouble.status = rng_.chance(0.5) ? 503 : 500;
    trouble.retry_after = trouble.status == 503 ? 30 : 0;
    co_return trouble;
  }
  bool report = request.target == "/v1/ddns";
  auto noops = report ? host_.cloud.stats().ddns_noops : 0;
  auto reply = host_.handle(question);
  // A box that was told a lie about what the cloud has may repeat itself; no other.
  if (report && host_.cloud.stats().ddns_noops > noops && !deceived_)
    verdict_.fail("L1", qcloud::to_rfc3339(time_.wall()) + " an update that changed nothing");
  Result<HttpResponse> outcome = net_error("net.reset");
  if (auto* waiting = std::get_if<refcloud::Hang>(&reply)) {
    ++counters_.heartbeats;
    refcloud::Hang copy = *waiting;
    outcome = co_await hang(copy, request.deadline);
  } else {
    outcome = read(std::get<refcloud::Response>(std::move(reply)));
  }
  co_await time_.sleep_until(time_.now() + faults.delay);
  if (rng_.chance(faults.loss / 2)) co_return net_error("net.reset");  // done, but nobody heard
  if (outcome && faults.lying) lie(*outcome, rng_);
  bool tells = report || request.target.starts_with("/v1/watch");
  if (outcome && tells) deceived_ = faults.lying;
  if (request.target == "/v1/ddns" && outcome && outcome->status == 200) ++counters_.reports;
  if (request.target.ends_with("simplereenroll") && outcome && outcome->status == 200) ++counters_.renewals;
  co_return outcome;
}

Task<Result<HttpResponse>> SimTransport::hang(refcloud::Hang hang, Instant deadline) {
  qcloud::Signal wake(io_.get_executor()), broken(io_.get_executor());
  struct Listed {
    std::set<qcloud::Signal*>&a, &b;
    qcloud::Signal *x, *y;
    ~Listed() {
      a.erase(x);
      b.erase(y);
    }
  } listed{host_.hanging[hang.device_id], breaks_, &wake, &broken};
  host_.hanging[hang.device_id].insert(&wake);
  breaks_.insert(&broken);
  HouseClock clock(time_);
  auto until = std::min(deadline, time_.now() + std::chrono::seconds(hang.until - host_.clock.now()));
  for (;;) {
    int first = co_await qcloud::first_of(wake.wait(), broken.wait(), clock.sleep_until(until));
    if (first == 1 || faults.down) {
      // The path broke without a word: the kernel's keepalive finds out.
      co_await time_.sleep_until(time_.now() + rng_.between(1s, 35s));
      co_return net_error("net.reset");
    }
    if (auto response = host_.cloud.recheck(hang)) co_return read(std::move(*response));
    if (first == 2) co_return net_error("net.timeout");
  }
}

Result<HttpResponse> SimTransport::read(refcloud::Response response) {
  HttpResponse out;
  out.status = response.status;
  out.body = std::move(response.body);
  for (const auto& [name, value] : response.headers) {
    if (name == "Content-Type") out.content_type = value;
    if (name == "Date") out.date = qcloud::parse_http_date(value);
    if (name == "Retry-After") out.retry_after = std::atoi(value.c_str());
  }
  return out;
}

Task<Result<qcloud::DatagramAnswer>> SimTransport::datagram(qcloud::Datagram datagram, qcloud::Meter& meter) {
  if (!allowed.ddns) verdict_.fail("A1", "a path probe while the switch is off");
  auto row = meter.opened({"udp", "10.0.0.2:50000", "5.6.8.1:33434", datagram.message});
  if (row) meter.closed(row, datagram.payload.size(), 0, qcloud::ConnectionEnd::closed);
  co_await time_.sleep_until(time_.now() + 50ms);
  co_return net_error("net.timeout");
}

Task<void> SimTransport::drain(qcloud::Meter& meter) {
  if (open_[&meter] != 0 && !allowed.commanded)
    verdict_.fail("A1", "a request of a silenced feature is still under way");
  co_return;
}

}  // namespace sim
