// Whom we believe: the vendor's own root, pinned, and nothing of the system's.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/core/clock.hpp"
#include "agent/core/result.hpp"
#include "agent/net/tls_identity.hpp"

namespace qcloud {

class Trust;

// The other side of one handshake: what it showed, also when that is refused. Must outlive its Ssl.
struct TlsPeer {
  std::string issuer, subject;  // printable, 200 characters at most
  std::optional<WallTime> from, until;
  std::string first_bytes;  // of what it sent: TLS, or something else? Filled in by the connection
  // Told of each session that can be resumed (TLS 1.3); takes ownership. May be empty.
  std::function<void(SSL_SESSION*)> on_session;
  const Trust* trust = nullptr;
};

class Trust {
 public:
  // `ca_pem`: one or more roots. `floor`: a time that has certainly passed (build time, trusted time, or
  // the newest Date of a verified answer).
  // `certain`: is the floor the time itself? Then a certificate that begins later is refused, too.
  static Result<std::unique_ptr<Trust>> make(const std::string& ca_pem, std::function<WallTime()> floor,
                                             std::function<bool()> certain = {});
  ~Trust();
  Trust(const Trust&) = delete;

  struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  using Ssl = std::unique_ptr<SSL, SslFree>;
  // A client session for `host` (name or address literal); `identity` may be null.
  Ssl session(const std::string& host, const TlsIdentity* identity, TlsPeer& peer) const;
  // May it be resumed? Resuming checks no certificate: the one of then was verified, and must not have
  // expired since.
  bool still_good(const SSL_SESSION* session) const;
  // After a failed handshake: what to tell the owner. Errors: net.tls_time, net.tls_untrusted,
  // net.tls_failed.
  Error explain(SSL* ssl, const TlsPeer& peer) const;

 private:
  Trust(SSL_CTX* context, std::function<WallTime()> floor, std::function<bool()> certain)
      : context_(context), floor_(std::move(floor)), certain_(std::move(certain)) {}
  static int verify(int ok, X509_STORE_CTX* store);
  static int session_made(SSL* ssl, SSL_SESSION* session);
  SSL_CTX* context_;
  std::function<WallTime()> floor_;
  std::function<bool()> certain_;
};

// A verified server that says what time it is, and shows a certificate that is not valid then: net.tls_time.
// This needs no clock of ours. Nothing when all is well.
std::optional<Error> outside_its_dates(const TlsPeer& peer, WallTime date);
// After a handshake, resumed or not: the peer's names and dates.
void describe(const X509* certificate, TlsPeer& peer);

}  // namespace qcloud
