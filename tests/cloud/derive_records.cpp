#include "tests/cloud/derive_records.hpp"

namespace refcloud {

Records derive_records(const RecordInputs& in) {
  if (!in.registered) return {};
  if (in.relay) return *in.relay;
  Records direct;
  if (in.audience == Audience::everyone) {
    if (in.direct_ipv4 && in.direct_ipv4->global()) direct.a.push_back(in.direct_ipv4->text());
    if (in.direct_ipv6 && in.direct_ipv6->global()) direct.aaaa.push_back(in.direct_ipv6->text());
  }
  return direct;
}

}  // namespace refcloud
