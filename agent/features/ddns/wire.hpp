// The messages of ddns, and the parsers of what comes back. Pure.
#pragma once

#include "agent/features/ddns/manifest.hpp"
#include "agent/features/ddns/policy.hpp"
#include "agent/gate/answer.hpp"
#include "agent/gate/message.hpp"

namespace qcloud::ddns {

using Out = Message<manifest>;
using Address = Value<DataClass::public_address>;

Out look();
Out watch(const std::optional<Value<DataClass::server_cursor>>& cursor, const std::optional<Address>& seen);
Out whoami();
// Null says "I have none of this family".
Out report(const std::optional<Address>& v4, const std::optional<Address>& v6);
Out path_probe();

struct News {
  std::optional<Value<DataClass::server_cursor>> cursor;
  std::optional<Address> seen_value;  // to be given back
  std::optional<IpAddress> seen;
  std::string name, fqdn;  // empty: none
  Reported reported;
  int heartbeat_seconds = 0;  // how often an economical box should look; 0: the cloud did not say
};
Result<News> parse_watch(const Answer& answer);

struct Sight {
  Address value;
  IpAddress address;
};
Result<Sight> parse_whoami(const Answer& answer);
// What the cloud has of us after a report.
Result<Reported> parse_report(const Answer& answer);

}  // namespace qcloud::ddns
