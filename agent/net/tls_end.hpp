// TLS ends by OpenSSL.
#pragma once

#include <openssl/ssl.h>

#include "agent/gate/tls_end.hpp"

namespace qcloud {

class OpenSslEnds : public TlsEnds {
 public:
  std::unique_ptr<TlsEnd> make(const std::string& pem) override;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::string pem_;  // of context_
  std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace qcloud
