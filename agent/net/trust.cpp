#include "agent/net/trust.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "agent/net/shown.hpp"

// A NAS may wake up with a clock that is years off. Its clock then cannot judge a certificate, but
// the floor can: a certificate that had not expired at a time which has certainly passed is taken,
// and the Date of the verified answer tells how wrong the clock is, and whether the certificate is
// valid by its own server's clock. Verification is never off: the
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

std::string name_of(const X509_NAME* name) {
  std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  long size = BIO_get_mem_data(out.get(), &text);
  return shown({text, static_cast<std::size_t>(size)});
}

constexpr auto slack = minutes(5);  // a certificate made a moment ago, on another machine

std::string day_of(WallTime time) { return to_rfc3339(time).substr(0, 10); }

Error expired(const TlsPeer& peer) {
  return {"net.tls_time", Retry::retry_later,
          "The cloud's certificate expired" + (peer.until ? " on " + day_of(*peer.until) : "") + ".",
          "Check this box's date; if it is right, the vendor must renew its certificate."};
}

Error early(const TlsPeer& peer) {
  return {
      "net.tls_time", Retry::retry_later,
      "The cloud's certificate is not valid" + (peer.from ? " before " + day_of(*peer.from) : " yet") + ".",
      "The clock of the cloud or its certificate is wrong: the vendor must mend that."};
}

// No certificate was judged: what came instead?
Error unfinished(unsigned long queued, std::string_view first) {
  Error error{"net.tls_failed", Retry::retry_soon, "", ""};
  int reason = queued && ERR_GET_LIB(queued) == ERR_LIB_SSL ? ERR_GET_REASON(queued) : 0;
  bool tls = !first.empty() && first[0] >= 0x14 && first[0] <= 0x17;
  if (first.empty()) {
    error.detail = "The connection is cut as soon as it is to be secured.";
    error.fix = "A firewall in this network may block it. Ask whoever runs the network.";
  } else if (first.starts_with("HTTP") || !tls) {
    error.retry = Retry::retry_later;
    error.detail = std::string(first.starts_with("HTTP") ? "Plain HTTP" : "Something that is not TLS") +
                   " answers where the cloud's secure connection should be.";
    error.fix = "Check for a sign-in page, and cloud.url in the configuration file.";
  } else if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
             reason == SSL_R_WRONG_SSL_VERSION || reason == SSL_R_WRONG_VERSION_NUMBER) {
    error.retry = Retry::retry_later;
    error.detail = "What answers in the cloud's place speaks only a version of TLS that is too old.";
    error.fix = "Update the proxy or firewall that opens secure connections, or let the cloud pass unopened.";
  } else {
    const char* words = ERR_reason_error_string(queued);
    error.detail = std::string("The secure connection could not be set up") +
                   (words ? std::string(" (") + words + ")." : ".");
  }
  return error;
}

}  // namespace

void describe(const X509* certificate, TlsPeer& peer) {
  peer.issuer = name_of(X509_get_issuer_name(certificate));
  peer.subject = name_of(X509_get_subject_name(certificate));
  peer.from = from_unix(to_unix(X509_get0_notBefore(certificate)));
  peer.until = from_unix(to_unix(X509_get0_notAfter(certificate)));
}

std::optional<Error> outside_its_dates(const TlsPeer& peer, WallTime date) {
  if (peer.until && date > *peer.until + slack) return expired(peer);
  if (peer.from && date < *peer.from - slack) return early(peer);
  return std::nullopt;
}

Result<std::unique_ptr<Trust>> Trust::make(const std::string& ca_pem, std::function<WallTime()> floor,
                                           std::function<bool()> certain) {
  Error bad{"config.trust", Retry::wait_for_owner, "The trust anchor holds no certificate.",
            "Let cloud.trust name the PEM file of the vendor's root certificate."};
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  auto trust = std::unique_ptr<Trust>(new Trust(context, std::move(floor), std::move(certain)));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A peer that just closes the connection is at its end like one that says so.
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_ENCRYPT_THEN_MAC);
  // Told of sessions, but keeps none itself: whose they are is not its to know.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &Trust::session_made);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &Trust::verify);
  // What every server of today has, and no more: a box that asks every 15 minutes sends the list 96 times a
  // day.
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM+AES128:ECDHE+CHACHA20");
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set1_groups_list(context, "X25519:P-256");
  SSL_CTX_set1_sigalgs_list(context,
                            "ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:RSA+SHA384");

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
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* peer = static_cast<TlsPeer*>(SSL_get_ex_data(ssl, trust_index()));
  if (const X509* leaf = X509_STORE_CTX_get0_cert(store); leaf && !peer->until) describe(leaf, *peer);
  if (ok) return 1;
  // Certificates are judged at the floor: one that is to become valid later may be valid by now.
  if (X509_STORE_CTX_get_error(store) != X509_V_ERR_CERT_NOT_YET_VALID) return 0;
  const Trust& self = *peer->trust;
  const X509* judged = X509_STORE_CTX_get_current_cert(store);
  if (self.certain_ && self.certain_() &&
      from_unix(to_unix(X509_get0_notBefore(judged))) > self.floor_() + slack)
    return 0;
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

// TLS 1.2 sessions are not kept: one may be used more than once, and shows the certificate in the clear.
int Trust::session_made(SSL* ssl, SSL_SESSION* session) {
  auto* peer = static_cast<TlsPeer*>(SSL_get_ex_data(ssl, trust_index()));
  if (!peer->on_session || SSL_version(ssl) != TLS1_3_VERSION || !SSL_SESSION_is_resumable(session)) return 0;
  peer->on_session(session);
  return 1;
}

bool Trust::still_good(const SSL_SESSION* session) const {
  const X509* certificate = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
  return certificate && to_unix(X509_get0_notAfter(certificate)) >= unix_seconds(floor_());
}

Trust::Ssl Trust::session(const std::string& host, const TlsIdentity* identity, TlsPeer& peer) const {
  Ssl ssl(SSL_new(context_));
  peer.trust = this;
  SSL_set_ex_data(ssl.get(), trust_index(), &peer);
  X509_VERIFY_PARAM* check = SSL_get0_param(ssl.get());
  X509_VERIFY_PARAM_set_time(check, unix_seconds(floor_()));
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

Error Trust::explain(SSL* ssl, const TlsPeer& peer) const {
  long verdict = SSL_get_verify_result(ssl);
  unsigned long queued = ERR_peek_last_error();
  ERR_clear_error();
  auto untrusted = [](std::string detail, std::string fix) {
    return Error{"net.tls_untrusted", Retry::retry_later, std::move(detail), std::move(fix)};
  };
  switch (verdict) {
    case X509_V_OK:
      return unfinished(queued, peer.first_bytes);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return expired(peer);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return early(peer);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return untrusted(
          "The certificate shown belongs to another host (" + peer.subject + ") than the cloud.",
          "Something in this network answers in the cloud's place. Ask whoever runs the network.");
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return untrusted(
          "The certificate shown is not the cloud's: it is signed by itself (" + peer.subject + ").",
          "Often it is the page of a router, or a sign-in page: open a web page in a browser of "
          "this network.");
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return untrusted("The certificate shown was not issued by the vendor, but by " + peer.issuer + ".",
                       "A proxy, firewall or virus scanner of this network opens secure connections. Let it "
                       "pass those to the cloud unopened.");
    default:
      return untrusted(
          std::string("The certificate shown is not the cloud's (") + X509_verify_cert_error_string(verdict) +
              ").",
          "Something in this network answers in the cloud's place, such as a proxy that opens TLS.");
  }
}

}  // namespace qcloud
