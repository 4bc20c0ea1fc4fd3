// What went wrong, as a value: a stable code, words for the owner, and what to do about it.
#pragma once

#include <string>
#include <string_view>

namespace qcloud {

// How the caller should go on. Every error has one; a switch over it has no default.
enum class Retry {
  retry_soon,      // a passing fault: backoff from a second
  retry_later,     // the other side asked for patience, or nothing changes for a while
  wait_for_owner,  // only the owner can change this; retrying is noise
  give_up,         // will never work as asked
};

struct Error {
  std::string code;  // stable, dotted, for programs: "net.dns_failed"
  Retry retry = Retry::retry_soon;
  std::string detail;   // one sentence for the owner; no secret, no stack of causes
  std::string fix;      // what the owner can do; may be empty
  int retry_after = 0;  // seconds the peer asked for; 0 = it did not

  // The same error, seen from one layer up: "renew the certificate: no answer".
  Error within(std::string_view context) && {
    detail = std::string(context) + ": " + detail;
    return std::move(*this);
  }
};

std::string_view to_string(Retry retry);

}  // namespace qcloud
