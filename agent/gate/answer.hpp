// What came back. Reading is free; giving a part of it back to the same peer goes through echo(),
// which mints only what this answer really held.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "agent/core/clock.hpp"
#include "agent/core/result.hpp"
#include "agent/gate/value.hpp"

namespace qcloud {

struct Answer {
  int status = 0;
  std::string content_type;
  std::string body;          // bytes as received
  boost::json::object json;  // when the content type says JSON, else empty
  int retry_after = 0;       // seconds
  std::string location;      // to a plain message only: where a stranger wants to send us

  bool ok() const { return status >= 200 && status < 300; }
  // The problem (RFC 9457) or OAuth error (RFC 6749 section 5.2) as ours, with its retry class.
  Error problem() const;

  // A string or number member of this answer, to be sent back to the peer that gave it.
  template <DataClass C>
  std::optional<Value<C>> echo(std::string_view member) const {
    auto* found = json.if_contains(boost::json::string_view(member.data(), member.size()));
    if (!found || !(found->is_string() || found->is_int64() || found->is_uint64())) return std::nullopt;
    return Value<C>(*found);
  }
};

// Reads one string member; empty when absent or of another type.
std::string string_member(const boost::json::object& object, std::string_view name);
std::optional<std::int64_t> number_member(const boost::json::object& object, std::string_view name);

}  // namespace qcloud
