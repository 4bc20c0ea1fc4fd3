// HTTP/1.1 (RFC 9112) over our own connections: one request a connection, Beast's parser as a pure
// codec. This is the real Transport; nothing else in the agent opens a socket to the outside.
#pragma once

#include <list>
#include <map>
#include <memory>

#include "agent/net/connection.hpp"
#include "agent/net/resolver.hpp"

namespace qcloud {

class HttpClient : public Transport {
 public:
  HttpClient(boost::asio::any_io_executor executor, Clock& clock, const Trust& trust);

  Task<Result<HttpResponse>> exchange(HttpRequest request, Meter& meter) override;
  Task<Result<DatagramAnswer>> datagram(Datagram datagram, Meter& meter) override;
  Task<void> drain(Meter& meter) override;

 private:
  using Shared = std::shared_ptr<Connection>;
  // Hands a connection over to its goodbye, whatever way the exchange ended.
  class Lease;
  Task<Result<HttpResponse>> attempt(HttpRequest request, Meter* meter);
  Task<Status> talk(Shared connection, HttpRequest request, HttpResponse* response);
  void retire(Shared connection);

  boost::asio::any_io_executor executor_;
  Clock& clock_;
  const Trust& trust_;
  Resolver resolver_;
  std::list<Shared> leaving_;
};

}  // namespace qcloud
