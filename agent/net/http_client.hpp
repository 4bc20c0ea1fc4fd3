// HTTP/1.1 (RFC 9112) over our own connections: one request a connection, TLS sessions resumed, and through
// a web proxy where one is set. This is the real Transport; nothing else in the agent opens a socket to the
// outside.
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "agent/net/connection.hpp"
#include "agent/net/http_response.hpp"
#include "agent/net/proxy.hpp"
#include "agent/net/resolver.hpp"

namespace qcloud {

class HttpClient : public Transport {
 public:
  // `proxy` is asked at each exchange: "", or "http://[user:password@]host:port". With one, the cloud's name
  // is given to it and not looked up here, and `HttpRequest::family` cannot be forced.
  HttpClient(boost::asio::any_io_executor executor, Clock& clock, const Trust& trust,
             std::function<std::string()> proxy = {});

  Task<Result<HttpResponse>> exchange(HttpRequest request, Meter& meter) override;
  Task<Result<DatagramAnswer>> datagram(Datagram datagram, Meter& meter) override;
  // stream.cpp
  Task<Result<std::unique_ptr<ByteStream>>> open(StreamRequest request, Meter& meter) override;
  Task<Result<LookupAnswer>> lookup(std::string name, Family family, Instant deadline, Meter& meter) override;
  Task<void> drain(Meter& meter) override;

 private:
  using Shared = std::shared_ptr<Connection>;
  // Hands a connection over to its goodbye, whatever way the exchange ended.
  class Lease;
  class Stream;
  // What to prepare before a socket is connected, and which addresses come last; both may be empty.
  struct Wishes {
    std::function<void(Connection&)> prepare;
    std::vector<std::string> avoid, busy;
    bool others_only = false;
    std::vector<std::string> known;  // where to, when nobody answers where the name leads
  };
  Task<Result<HttpResponse>> attempt(HttpRequest request, Meter* meter);
  Task<Result<std::unique_ptr<ByteStream>>> set_up(StreamRequest request, Meter* meter);
  // As far as the host's TCP port, or that of the web proxy.
  Task<Status> reach(HttpRequest request, Wishes wishes, Meter* meter, std::optional<Proxy>* proxy,
                     Shared* result);
  Task<Status> connect(HttpRequest request, Addresses order, std::uint16_t port, Wishes wishes, Meter* meter,
                       Shared* result);
  Task<Status> through(Shared connection, HttpRequest request, Proxy proxy);
  Task<Status> secure(Shared connection, HttpRequest request);
  Task<Status> tunnel(Shared connection, HttpRequest request, Proxy proxy);
  Task<Status> talk(Shared connection, HttpRequest request, std::optional<Proxy> proxy,
                    HttpResponse* response);
  Task<Status> receive(Shared connection, ResponseReader* reader, bool header_only);
  void retire(Shared connection);
  bool proxied() const { return proxy_ && !proxy_().empty(); }

  boost::asio::any_io_executor executor_;
  Clock& clock_;
  const Trust& trust_;
  std::function<std::string()> proxy_;
  Resolver resolver_;
  TlsSessions sessions_;
  std::list<Shared> leaving_;
};

}  // namespace qcloud
