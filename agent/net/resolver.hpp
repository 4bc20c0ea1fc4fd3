// The one resolver: c-ares with our own sockets, so that each look-up is attributed to the feature
// that asked and counted in its ledger. The hosts file is read first; address literals ask nobody.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "agent/gate/transport.hpp"

namespace qcloud {

class Resolver {
 public:
  Resolver(boost::asio::any_io_executor executor, Clock& clock)
      : executor_(std::move(executor)), clock_(clock) {}

  // IPv4 addresses first. Errors: net.dns_failed, net.timeout.
  Task<Result<std::vector<boost::asio::ip::address>>> lookup(std::string host, Family family, Meter& meter,
                                                             Instant deadline);

 private:
  boost::asio::any_io_executor executor_;
  Clock& clock_;
};

}  // namespace qcloud
