// TLS 1.3 sessions to resume (RFC 8446 section 2.2): a resumed handshake has no certificates in it and saves
// most of its bytes. In memory only. One belongs to one feature, host and identity: two features that
// shared one would be linked by it, and its server takes it for the certificate it was made with.
#pragma once

#include <openssl/ssl.h>

#include <list>
#include <memory>
#include <string>

#include "agent/gate/transport.hpp"
#include "agent/net/tls_identity.hpp"

namespace qcloud {

class TlsSessions {
 public:
  struct Free {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };
  using Session = std::unique_ptr<SSL_SESSION, Free>;
  struct Key {
    const Meter* owner = nullptr;  // the feature
    std::string host;              // with port
    std::shared_ptr<const TlsIdentity> identity;
  };

  // Takes it out: each is used once (RFC 8446 appendix C.4), and the server gives a new one. May be null.
  Session take(const Key& key);
  // Replaces the one of the same key, and all of an identity that is gone.
  void keep(const Key& key, Session session);
  // All of a feature, when it falls silent.
  void forget(const Meter* owner);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    const Meter* owner;
    std::string host;
    bool anonymous;
    std::weak_ptr<const TlsIdentity> identity;  // it must not live on through us
    Session session;
    bool is(const Key& key) const;
  };
  std::list<Entry> entries_;
};

}  // namespace qcloud
