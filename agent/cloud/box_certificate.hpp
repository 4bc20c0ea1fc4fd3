// The certificate that the box shows to visitors where TLS ends in the agent: made on the box, signed by
// itself, for the public name and every name below it. Its key never leaves the box. A browser warns once.
#pragma once

#include <string>

#include "agent/core/clock.hpp"
#include "agent/core/result.hpp"
#include "agent/store/db.hpp"

namespace qcloud {

class BoxCertificate {
 public:
  explicit BoxCertificate(Db& db) : db_(db) {}

  // Key and certificate for this name, one PEM after the other; made, stored and reused until the name
  // changes or 30 days before its end. Empty when it cannot be made. `now`: trusted time.
  const std::string& pem(const std::string& fqdn, WallTime now);
  // SHA-256 of that certificate in hexadecimal, so that an owner can compare; empty: there is none.
  std::string fingerprint(const std::string& fqdn, WallTime now) {
    return pem(fqdn, now).empty() ? std::string() : fingerprint_;
  }
  // It belongs to the registration, and goes with it: destroy() is part of the transaction that ends that
  // one, forget() follows the commit.
  Status destroy();
  void forget() { fqdn_ = fingerprint_ = pem_ = ""; }

 private:
  bool adopt(std::string pem, const std::string& fqdn, WallTime now);

  Db& db_;
  std::string fqdn_, fingerprint_, pem_;
  WallTime until_{};
};

}  // namespace qcloud
