// The sockets around the cloud: TLS listeners, the trusted front, the operator's socket. One thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <string>
#include <vector>

#include "tests/cloud/adapter/connections.hpp"
#include "tests/cloud/adapter/watches.hpp"
#include "tests/cloud/cloud.hpp"

namespace refcloud {

/// What all connections share. Must outlive the io_context, whose destruction ends the connections.
struct Service {
  Cloud& cloud;
  const Clock& clock;
  Watches watches{};
  Connections connections{};
};

/// "127.0.0.1:443", "[::1]:443"; port 0 lets the kernel choose.
struct Endpoint {
  std::string address;
  unsigned short port = 0;
};
/// Throws std::invalid_argument.
Endpoint parse_endpoint(const std::string&);

// Each starts to listen at once, throws boost::system::system_error if it cannot, and returns the endpoint as
// text with the port that it really has.
std::string listen_tls(boost::asio::io_context&, Service&, boost::asio::ssl::context&, const Endpoint&);
/// Plain HTTP that believes `Client-Cert` (RFC 9440) and `Forwarded` or `X-Forwarded-For`: for loopback,
/// behind a proxy that removes what clients put there.
std::string listen_front(boost::asio::io_context&, Service&, const Endpoint&);
/// Plain HTTP that answers GET /generate_204 with 204 and everything else with 404: a NAS asks it to find out
/// whether a sign-in page stands between it and the internet.
std::string listen_plain(boost::asio::io_context&, Service&, const Endpoint&);
/// HTTP on a Unix socket, mode 0600.
void listen_operator(boost::asio::io_context&, Service&, const std::string& path);
/// The same for relays.
void listen_relays(boost::asio::io_context&, Service&, const std::string& path);

/// tick() every two seconds and retention every hour of the cloud's clock.
void keep_house(boost::asio::io_context&, Service&);

}  // namespace refcloud
