#include "agent/net/trust.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

// A NAS may wake up with a clock that is years off. Its clock then cannot judge a certificate, but
// the floor can: a certificate that had not expired at a time which has certainly passed is taken,
// and the Date of the verified answer tells how wrong the clock is. Verification is never off: the
// chain, the name and the floor are always checked. docs/threat-model.md says what this leaves open.
namespace qcloud {
namespace {

int trust_index() {
  static int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

long long to_unix(const ASN1_TIME* time) {
  std::tm parts{};
  if (!ASN1_TIME_to_tm(time, &parts)) return 0;
  return timegm(&parts);
}

}  // namespace

Result<std::unique_ptr<Trust>> Trust::make(const std::string& ca_pem, std::function<WallTime()> floor) {
  Error bad{"config.trust", Retry::wait_for_owner, "The trust anchor holds no certificate.",
            "Let cloud.trust name the PEM file of the vendor's root certificate."};
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  auto trust = std::unique_ptr<Trust>(new Trust(context, std::move(floor)));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A peer that just closes the connection is at its end like one that says so.
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &Trust::verify);

  std::unique_ptr<BIO, decltype(&BIO_free)> in(
      BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size())), BIO_free);
  int roots = 0;
  while (X509* root = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root);
    X509_free(root);
    ++roots;
  }
  ERR_clear_error();
  if (roots == 0) return bad;
  return trust;
}

Trust::~Trust() { SSL_CTX_free(context_); }

int Trust::verify(int ok, X509_STORE_CTX* store) {
  if (ok) return 1;
  int error = X509_STORE_CTX_get_error(store);
  if (error != X509_V_ERR_CERT_NOT_YET_VALID && error != X509_V_ERR_CERT_HAS_EXPIRED) return 0;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* self = static_cast<const Trust*>(SSL_get_ex_data(ssl, trust_index()));
  const X509* certificate = X509_STORE_CTX_get_current_cert(store);
  if (to_unix(X509_get0_notAfter(certificate)) < unix_seconds(self->floor_())) return 0;
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

Trust::Ssl Trust::session(const std::string& host, const TlsIdentity* identity) const {
  Ssl ssl(SSL_new(context_));
  SSL_set_ex_data(ssl.get(), trust_index(), const_cast<Trust*>(this));
  X509_VERIFY_PARAM* check = SSL_get0_param(ssl.get());
  if (!X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str())) {
    X509_VERIFY_PARAM_set1_host(check, host.data(), host.size());
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set_tlsext_host_name(ssl.get(), host.c_str());
  }
  if (identity) {
    SSL_use_certificate(ssl.get(), identity->certificate());
    SSL_use_PrivateKey(ssl.get(), identity->key());
  }
  SSL_set_connect_state(ssl.get());
  return ssl;
}

Error Trust::explain(SSL* ssl) const {
  long verdict = SSL_get_verify_result(ssl);
  unsigned long queued = ERR_peek_last_error();
  ERR_clear_error();
  switch (verdict) {
    case X509_V_OK:
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {"net.tls_time", Retry::retry_later, "The cloud's certificate has expired.",
              "Check this box's date; if it is right, the vendor must renew its certificate."};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {"net.tls_untrusted", Retry::retry_later,
              "The certificate shown belongs to another host than the cloud.",
              "Something in this network answers in the cloud's place. Ask whoever runs the network."};
    default:
      return {"net.tls_untrusted", Retry::retry_later,
              std::string("The certificate shown is not the cloud's (") +
                  X509_verify_cert_error_string(verdict) + ").",
              "Something in this network answers in the cloud's place, such as a proxy that opens TLS."};
  }
  const char* reason = ERR_reason_error_string(queued);
  return {"net.tls_failed", Retry::retry_soon,
          std::string("The secure connection could not be set up") +
              (reason ? std::string(" (") + reason + ")." : "."),
          ""};
}

}  // namespace qcloud
