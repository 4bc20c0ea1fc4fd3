// The certificate that the box shows to visitors where TLS ends in the agent: made on the box, signed by
// itself, for the public name and every name below it. Its key never leaves the box. A browser warns once.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "agent/core/clock.hpp"
#include "agent/core/result.hpp"
#include "agent/store/db.hpp"

namespace qcloud {

class BoxCertificate {
 public:
  explicit BoxCertificate(Db& db) : db_(db) {}

  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  // The server's side of TLS (1.2 and later) for this name; made, stored and reused until the name changes or
  // 30 days before its end. Null when it cannot be made. `now`: trusted time.
  std::shared_ptr<SSL_CTX> context(const std::string& fqdn, WallTime now);
  // SHA-256 of the certificate in hexadecimal, so that an owner can compare; empty: none yet.
  std::string fingerprint() const { return fingerprint_; }

 private:
  Db& db_;
  std::string fqdn_, fingerprint_;
  WallTime until_{};
  std::shared_ptr<SSL_CTX> context_;
};

}  // namespace qcloud
