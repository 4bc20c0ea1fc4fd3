// A network that answers what the test says, and remembers what it was given.
#pragma once

#include <deque>
#include <functional>

#include "agent/gate/transport.hpp"

namespace unit {

inline qcloud::HttpResponse answer(int status, std::string body, std::string type = "application/json") {
  qcloud::HttpResponse response;
  response.status = status;
  response.content_type = std::move(type);
  response.body = std::move(body);
  return response;
}

class FakeTransport final : public qcloud::Transport {
 public:
  using Reply = qcloud::Result<qcloud::HttpResponse>;
  std::function<qcloud::Task<Reply>(qcloud::HttpRequest, qcloud::Meter&)> on_exchange;
  std::function<qcloud::Task<void>(qcloud::Meter&)> on_drain;
  std::function<qcloud::Result<qcloud::DatagramAnswer>(const qcloud::Datagram&)> on_datagram;
  std::function<qcloud::LookupAnswer(const std::string& name, qcloud::Family)> on_lookup;
  std::deque<Reply> replies;  // used when on_exchange is not set; the last one stays

  std::vector<qcloud::HttpRequest> requests;
  std::vector<qcloud::Datagram> datagrams;
  std::vector<std::string> lookups;
  int drained = 0;

  qcloud::Task<Reply> exchange(qcloud::HttpRequest request, qcloud::Meter& meter) override {
    requests.push_back(request);
    if (on_exchange) co_return co_await on_exchange(std::move(request), meter);
    if (replies.empty())
      co_return qcloud::Error{"net.unreachable", qcloud::Retry::retry_soon, "no reply set", ""};
    Reply reply = replies.front();
    if (replies.size() > 1) replies.pop_front();
    co_return reply;
  }
  qcloud::Task<qcloud::Result<qcloud::DatagramAnswer>> datagram(qcloud::Datagram datagram,
                                                                qcloud::Meter&) override {
    datagrams.push_back(datagram);
    if (on_datagram) co_return on_datagram(datagram);
    co_return qcloud::Error{"net.timeout", qcloud::Retry::retry_soon, "no answer", ""};
  }
  qcloud::Task<qcloud::Result<qcloud::LookupAnswer>> lookup(std::string name, qcloud::Family family,
                                                            qcloud::Instant, qcloud::Meter&) override {
    lookups.push_back(name);
    if (on_lookup) co_return on_lookup(name, family);
    co_return qcloud::LookupAnswer{qcloud::DnsStatus::no_answer, {}, "192.168.1.1:53"};
  }
  qcloud::Task<void> drain(qcloud::Meter& meter) override {
    ++drained;
    if (on_drain) co_await on_drain(meter);
  }
};

}  // namespace unit
