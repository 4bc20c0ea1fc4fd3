// TLS that ends in the agent: between a visit, whose bytes are TLS records, and a service on loopback that is
// spoken to in the clear. The relay still sees only records.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "agent/features/link/h2/visit.hpp"
#include "agent/gate/local_dial.hpp"

namespace qcloud::link {

class TlsEnd {
 public:
  TlsEnd(SSL_CTX* context, Visit& visit);

  // False: the visitor does not speak TLS, or left.
  Task<bool> shake_hands();
  // Visitor to service, and service to visitor, each until its end. False: it failed.
  Task<bool> inward(LocalStream* service);
  Task<bool> outward(LocalStream* service);

 private:
  // Takes what the visitor sent. 1: something, 0: the visitor's end, -1: gone.
  Task<int> feed();
  // Hands over what TLS wants sent.
  Task<bool> flush();

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
  BIO *in_, *out_;  // owned by ssl_
  Visit& visit_;
  bool flushing_ = false;
};

}  // namespace qcloud::link
