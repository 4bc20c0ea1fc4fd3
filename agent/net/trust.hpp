// Whom we believe: the vendor's own root, pinned, and nothing of the system's.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>

#include "agent/core/clock.hpp"
#include "agent/core/result.hpp"
#include "agent/net/tls_identity.hpp"

namespace qcloud {

class Trust {
 public:
  // `ca_pem`: one or more roots. `floor`: a time that has certainly passed (build time, or the
  // newest Date of a verified answer).
  static Result<std::unique_ptr<Trust>> make(const std::string& ca_pem, std::function<WallTime()> floor);
  ~Trust();
  Trust(const Trust&) = delete;

  struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  using Ssl = std::unique_ptr<SSL, SslFree>;
  // A client session for `host` (name or address literal); `identity` may be null.
  Ssl session(const std::string& host, const TlsIdentity* identity) const;
  // After a failed handshake: what to tell the owner.
  Error explain(SSL* ssl) const;

 private:
  Trust(SSL_CTX* context, std::function<WallTime()> floor) : context_(context), floor_(std::move(floor)) {}
  static int verify(int ok, X509_STORE_CTX* store);
  SSL_CTX* context_;
  std::function<WallTime()> floor_;
};

}  // namespace qcloud
