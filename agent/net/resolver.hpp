// The one resolver: c-ares with our own sockets, so that each look-up is attributed to the feature
// that asked and counted in its ledger. The hosts file is read first; address literals ask nobody.
// A and AAAA are asked at once (RFC 8305 section 3), each over all servers of the box, over TCP when an
// answer is too large for UDP. No search domain is ever appended.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>
#include <vector>

#include "agent/gate/transport.hpp"
#include "agent/net/way.hpp"

namespace qcloud {

struct DnsAnswer {
  DnsStatus status = DnsStatus::unknown;
  Addresses addresses;
  std::string server;  // that was asked last
};

class Resolver {
 public:
  Resolver(boost::asio::any_io_executor executor, Clock& clock)
      : executor_(std::move(executor)), clock_(clock) {}

  // For connecting. Twelve seconds at most; once one family has an answer, the other gets two more.
  // `trace` may be null. Errors: net.dns_failed, and net.unreachable when the host has no address of the
  // family.
  Task<Result<Addresses>> lookup(std::string host, Family family, Meter& meter, Instant deadline,
                                 std::shared_ptr<Trace> trace = nullptr);
  // What the DNS servers say, the hosts file left aside.
  Task<DnsAnswer> ask(std::string name, Family family, Meter& meter, Instant deadline);

 private:
  boost::asio::any_io_executor executor_;
  Clock& clock_;
};

// In words for the owner: the look-up for `host` gave no address that could be used.
Error dns_error(const std::string& host, DnsStatus status, const std::string& server);

}  // namespace qcloud
