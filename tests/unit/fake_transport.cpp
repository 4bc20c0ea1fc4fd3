#include "tests/unit/fake_transport.hpp"

namespace unit {

qcloud::HttpResponse answer(int status, std::string body, std::string type) {
  qcloud::HttpResponse response;
  response.status = status;
  response.content_type = std::move(type);
  response.body = std::move(body);
  return response;
}

FakeTransport::FakeTransport() = default;
FakeTransport::~FakeTransport() = default;

qcloud::Task<FakeTransport::Reply> FakeTransport::exchange(qcloud::HttpRequest request,
                                                           qcloud::Meter& meter) {
  requests.push_back(request);
  if (on_exchange) co_return co_await on_exchange(std::move(request), meter);
  if (replies.empty())
    co_return qcloud::Error{"net.unreachable", qcloud::Retry::retry_soon, "no reply set", ""};
  Reply reply = replies.front();
  if (replies.size() > 1) replies.pop_front();
  co_return reply;
}

qcloud::Task<qcloud::Result<qcloud::DatagramAnswer>> FakeTransport::datagram(qcloud::Datagram datagram,
                                                                             qcloud::Meter&) {
  datagrams.push_back(datagram);
  if (on_datagram) co_return on_datagram(datagram);
  co_return qcloud::Error{"net.timeout", qcloud::Retry::retry_soon, "no answer", ""};
}

qcloud::Task<qcloud::Result<qcloud::LookupAnswer>> FakeTransport::lookup(std::string name,
                                                                         qcloud::Family family,
                                                                         qcloud::Instant, qcloud::Meter&) {
  lookups.push_back(name);
  if (on_lookup) co_return on_lookup(name, family);
  co_return qcloud::LookupAnswer{qcloud::DnsStatus::no_answer, {}, "192.168.1.1:53"};
}

qcloud::Task<void> FakeTransport::drain(qcloud::Meter& meter) {
  ++drained;
  if (on_drain) co_await on_drain(meter);
}

}  // namespace unit
