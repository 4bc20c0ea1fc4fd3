#include "tests/cloud/relay/adapter/context.hpp"

#include <openssl/ec.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string_view>

#include "tests/cloud/relay/rendezvous.hpp"

namespace refrelay {
namespace {

constexpr std::string_view protocol = "h2-reverse";
using Digest = std::array<unsigned char, 32>;

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                    unsigned in_size, void*) {
  for (unsigned at = 0; at + 1 <= in_size; at += in[at] + 1u) {
    if (at + 1 + in[at] > in_size) break;
    if (std::string_view(reinterpret_cast<const char*>(in + at + 1), in[at]) != protocol) continue;
    *out = in + at + 1;
    *size = in[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A box that is not set up yet has a key that nobody vouches for: it is taken, and bound to a name that is a
// digest of that key. Everything else about a certificate stays an error. The verdict itself stays too, for
// shown_by().
// A box that is not set up may not know the time: the dates of what it signs itself say nothing.
int accept_ephemeral(int ok, X509_STORE_CTX* store) {
  if (ok) return 1;
  if (X509_STORE_CTX_get_error_depth(store) != 0) return 0;
  X509* shown = X509_STORE_CTX_get_current_cert(store);
  switch (X509_STORE_CTX_get_error(store)) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return 1;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return shown && X509_self_signed(shown, 1) == 1;
    default:
      return 0;
  }
}

int key_log_index() {
  static const int index =
      SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, [](void*, void* file, auto...) {
        if (file) std::fclose(static_cast<std::FILE*>(file));
      });
  return index;
}

void log_key(const SSL* ssl, const char* line) {
  auto* file = static_cast<std::FILE*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), key_log_index()));
  std::fprintf(file, "%s\n", line);
  std::fflush(file);
}

Digest digest_of_key(X509* certificate) {
  unsigned char* der = nullptr;
  int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  Digest out{};
  if (size > 0) EVP_Digest(der, static_cast<std::size_t>(size), out.data(), nullptr, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return out;
}

bool on_p256(X509* certificate) {
  char curve[32] = "";
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  return key && EVP_PKEY_get_group_name(key, curve, sizeof curve, nullptr) == 1 &&
         std::string_view(curve) == SN_X9_62_prime256v1;
}

}  // namespace

Context make_context(const ContextOptions& options) {
  Context out(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = out.get();
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  // A box without AES instructions asks for ChaCha20 first, and gets it.
  SSL_CTX_set_options(
      context, SSL_OP_PRIORITIZE_CHACHA | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_max_cert_list(context, 16 * 1024);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     options.take_ephemeral ? accept_ephemeral : nullptr);
  bool fine = SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) == 1 &&
              SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
              SSL_CTX_load_verify_locations(context, options.device_ca.c_str(), nullptr) == 1;
  if (!fine)
    throw std::runtime_error("the relay's certificate, its key or the boxes' authority cannot be read");
  if (!options.keylog.empty()) {
    std::FILE* file = std::fopen(options.keylog.c_str(), "ae");
    if (!file) throw std::runtime_error("cannot write " + options.keylog);
    SSL_CTX_set_ex_data(context, key_log_index(), file);
    SSL_CTX_set_keylog_callback(context, log_key);
  }
  return out;
}

Shown shown_by(const SSL* ssl) {
  Shown out;
  std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(ssl), X509_free);
  if (!peer) return out;
  Digest digest{};
  X509_digest(peer.get(), EVP_sha256(), digest.data(), nullptr);
  for (unsigned char byte : digest) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    out.certificate += two;
  }
  // The verdict alone decides, not what the certificate says of itself: whoever signs for himself writes any
  // name.
  if (SSL_get_verify_result(ssl) == X509_V_OK) {
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name, sizeof name);
    out.device = name;
  } else if (on_p256(peer.get())) {
    out.rendezvous = rendezvous_id(digest_of_key(peer.get()));
  }
  return out;
}

}  // namespace refrelay
