// The way from a box to the relays, with the same faults as the way to the cloud.
#include <openssl/x509.h>

#include "agent/cloud/device_key.hpp"
#include "agent/net/tls_identity.hpp"
#include "tests/sim/sim_net.hpp"

namespace sim {

using qcloud::ByteStream;
using qcloud::Result;
using qcloud::Retry;
using qcloud::StreamRequest;

namespace {

qcloud::Error net_error(const char* code) { return {code, Retry::retry_soon, code, ""}; }

// With both relays away two slots back off to a dial every 30 s each; what comes on top are changes of the
// address.
constexpr std::size_t most_dials_in_an_hour = 400;

}  // namespace

void SimTransport::check_dial(const StreamRequest& request) {
  auto at = qcloud::to_rfc3339(time_.wall()) + " a dial to the relay";
  if (!allowed.link) verdict_.fail("A1", at + " while the switch is off");
  if (!request.identity)
    verdict_.fail("link", at + " without a certificate");
  else if (allowed.banned_devices.contains(qcloud::common_name(request.identity->certificate())))
    verdict_.fail("R1", at + " uses an identity that was made on other hardware");
  if (dialing_.size() > 1) verdict_.fail("link", at + " while two are under way");
  if (dialing_.size() == 1 && time_.now() - dialing_.front() < 1s)
    verdict_.fail("link", at + " while another has just begun");
  while (!dialed_.empty() && dialed_.front() + 1h < time_.now()) dialed_.pop_front();
  dialed_.push_back(time_.now());
  if (dialed_.size() == most_dials_in_an_hour) verdict_.fail("link", at + ": too many in an hour");
}

Task<Result<std::unique_ptr<ByteStream>>> SimTransport::open(StreamRequest request, qcloud::Meter& meter) {
  check_dial(request);
  struct Dialing {
    std::list<qcloud::Instant>& all;
    std::list<qcloud::Instant>::iterator at;
    ~Dialing() { all.erase(at); }
  } dialing{dialing_, dialing_.insert(dialing_.end(), time_.now())};
  ++dials;
  ++counters_.dials;
  co_return co_await dial(std::move(request), &meter);
}

Task<Result<std::unique_ptr<ByteStream>>> SimTransport::dial(StreamRequest request, qcloud::Meter* meter) {
  auto reached = co_await reach();
  if (!reached) co_return std::move(reached).error();
  if (faults.lying && rng_.chance(0.5)) co_return net_error("net.tls_untrusted");
  // As the addresses stand in DNS; those to be avoided only if there is no other, or not at all.
  std::vector<std::size_t> order, avoided, busy;
  for (std::size_t i = 0; i < Relays::count; ++i) {
    const auto& relay = host_.relays.all[i];
    if (!relay.listed) continue;
    if (request.trace) request.trace->addresses.push_back(relay.address);
    auto in = [&](const auto& list) {
      return std::find(list.begin(), list.end(), relay.address) != list.end();
    };
    (in(request.busy) ? busy : in(request.avoid) ? avoided : order).push_back(i);
  }
  if (order.empty() && !request.others_only) order = avoided.empty() ? busy : avoided;
  if (order.empty()) co_return net_error("net.no_network");
  auto device = qcloud::common_name(request.identity->certificate());
  for (auto at : order) {
    if (request.trace) request.trace->tried.push_back(request.trace->remote = host_.relays.all[at].address);
    if (!host_.relays.all[at].up) continue;
    if (host_.relays.all[at].hangs) {
      HouseClock clock(time_);
      co_await clock.sleep_until(request.deadline);
      co_return net_error("net.timeout");
    }
    auto row =
        meter->opened({"tcp", "10.0.0.2:40000", host_.relays.all[at].address + ":443", request.message});
    if (!row) co_return net_error("gate.switched_off");
    auto stream = host_.relays.attach(at, device, public_address_, own_address, request.idle);
    if (!stream || faults.server_errors) {
      meter->closed(row, 1500, 1500, qcloud::ConnectionEnd::aborted);
      co_return net_error("net.reset");
    }
    ++open_[meter];
    streams_.push_back(stream.get());
    stream->on_gone = [this, meter, row](RelayStream* gone) {
      std::erase(streams_, gone);
      --open_[meter];
      meter->closed(row, 1500, 1500, qcloud::ConnectionEnd::closed);
    };
    if (router_forgets > Millis(0)) stream->forgotten_after(router_forgets);
    if (faults.lying) stream->babble(rng_);
    if (host_.relays.all[at].refuses) stream->end(true);
    ++attached;
    ++counters_.attachments;
    co_return std::unique_ptr<ByteStream>(std::move(stream));
  }
  co_return net_error("net.refused");
}

}  // namespace sim
