// The relay's TLS toward boxes, and whom a certificate shows.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace refrelay {

struct ContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, ContextFree>;

struct ContextOptions {
  std::string certificate, key;  ///< PEM files: the relay's own
  std::string device_ca;         ///< PEM file: who vouches for boxes
  bool take_ephemeral = false;   ///< also boxes with a key that nobody vouches for
  std::string keylog;  ///< appends the secrets of boxes' connections (NSS key log); empty: never. For tests
};
/// Throws std::runtime_error.
Context make_context(const ContextOptions& options);

struct Shown {
  std::string device;       ///< the cloud's id of the box; empty: nobody vouches for its key
  std::string rendezvous;   ///< then: the id that derives from the key; empty: not a key that we take
  std::string certificate;  ///< SHA-256, hex
};
/// After the handshake.
Shown shown_by(const SSL* ssl);

}  // namespace refrelay
