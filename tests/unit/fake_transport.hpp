// A network that answers what the test says, and remembers what it was given.
#pragma once

#include <deque>
#include <functional>

#include "agent/gate/transport.hpp"

namespace unit {

qcloud::HttpResponse answer(int status, std::string body, std::string type = "application/json");

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

  FakeTransport();
  ~FakeTransport() override;
  qcloud::Task<Reply> exchange(qcloud::HttpRequest request, qcloud::Meter& meter) override;
  qcloud::Task<qcloud::Result<qcloud::DatagramAnswer>> datagram(qcloud::Datagram datagram,
                                                                qcloud::Meter&) override;
  qcloud::Task<qcloud::Result<qcloud::LookupAnswer>> lookup(std::string name, qcloud::Family family,
                                                            qcloud::Instant, qcloud::Meter&) override;
  qcloud::Task<void> drain(qcloud::Meter& meter) override;
};

}  // namespace unit
