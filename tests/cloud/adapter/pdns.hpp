// Publishes through the HTTP API of PowerDNS (https://doc.powerdns.com/authoritative/http-api/).
//
// One PATCH carries all rrsets of a change and is a transaction there. Each call opens a connection, since
// the server closes it after its answer, and takes 2 seconds at most.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "tests/cloud/dns.hpp"

namespace refcloud {

class PowerDns : public Dns {
 public:
  /// `url`: http://ADDRESS:PORT. The zone is made by the first call that reaches the server.
  PowerDns(const std::string& url, std::string api_key, std::string zone);

  bool replace(const std::vector<NameRecords>&) override;
  /// Makes the zone if there is none, and turns rectification off, which costs a full read of the zone for
  /// every change.
  bool prepare();

 private:
  /// The status, 0 if there was no answer.
  int call(std::string_view method, const std::string& path, const std::string& body);

  boost::asio::ip::tcp::endpoint server_;
  std::string api_key_;
  std::string zone_;  ///< with the final dot
  bool ready_ = false;
};

}  // namespace refcloud
