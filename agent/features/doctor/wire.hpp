// The doctor's messages, and the one answer whose content matters. Pure.
#pragma once

#include "agent/core/ip.hpp"
#include "agent/features/doctor/manifest.hpp"
#include "agent/gate/answer.hpp"
#include "agent/gate/message.hpp"

namespace qcloud::doctor {

using Out = Message<manifest>;
using PublicName = Value<DataClass::public_name>;

Out reach();
Out look();
Out sign_in();
Out own_name(const PublicName& name);
Out no_such_name();
Out nat64();
Out path_probe();

// What the cloud says of this box.
struct Told {
  std::optional<IpAddress> seen;     // from where it sees this connection come
  std::optional<PublicName> name;    // the public name in full, to be looked up
  std::string fqdn;                  // the same, to be shown; empty: none
  std::vector<IpAddress> published;  // what stands in the DNS under it
};
// Empty when the answer is not readable as one.
std::optional<Told> parse_look(const Answer& answer);

}  // namespace qcloud::doctor
