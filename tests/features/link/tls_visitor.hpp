// A visitor's TLS over memory, and the box's certificate for it.
#pragma once

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "agent/net/tls_end.hpp"

namespace unit {

class TlsVisitor {
 public:
  // A key and a certificate made for this run.
  struct Box {
    qcloud::OpenSslEnds ends;
    std::string pem;
    Box() {
      EVP_PKEY* key = EVP_EC_gen("P-256");
      X509* certificate = X509_new();
      ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
      X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
      X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
      X509_set_pubkey(certificate, key);
      X509_sign(certificate, key, EVP_sha256());
      BIO* out = BIO_new(BIO_s_mem());
      PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
      PEM_write_bio_X509(out, certificate);
      char* bytes = nullptr;
      long size = BIO_get_mem_data(out, &bytes);
      pem.assign(bytes, static_cast<std::size_t>(size));
      BIO_free(out);
      X509_free(certificate);
      EVP_PKEY_free(key);
    }
  };

  // `version`: the only one that he speaks; 0: any of today.
  explicit TlsVisitor(const char* name, int version = 0, bool tickets = true)
      : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_tlsext_host_name(ssl_, name);
    if (!tickets) SSL_set_options(ssl_, SSL_OP_NO_TICKET);
    if (version != 0) {
      SSL_set_security_level(ssl_, 0);
      SSL_set_min_proto_version(ssl_, version);
      SSL_set_max_proto_version(ssl_, version);
    }
    SSL_set_connect_state(ssl_);
  }
  ~TlsVisitor() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsVisitor(const TlsVisitor&) = delete;

  // What he sends next.
  std::string records() {
    work();
    std::string out(BIO_ctrl_pending(out_), '\0');
    if (!out.empty()) BIO_read(out_, out.data(), static_cast<int>(out.size()));
    return out;
  }
  void take(std::string_view records) {
    if (!records.empty()) BIO_write(in_, records.data(), static_cast<int>(records.size()));
    work();
  }
  void say(std::string_view words) { SSL_write(ssl_, words.data(), static_cast<int>(words.size())); }
  // Asks for a new key, so often; each wants an answer (RFC 8446, 4.6.3).
  void rekey(int times) {
    for (int i = 0; i < times; ++i) {
      SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED);
      SSL_do_handshake(ssl_);
    }
  }
  void renegotiate() {  // of TLS 1.2
    SSL_renegotiate(ssl_);
    SSL_do_handshake(ssl_);
  }
  void bye() { SSL_shutdown(ssl_); }
  bool secured() const { return SSL_is_init_finished(ssl_); }
  bool ended() const { return SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN; }
  // The one that he was shown, as PEM.
  std::string certificate() const {
    X509* shown = SSL_get1_peer_certificate(ssl_);
    BIO* out = BIO_new(BIO_s_mem());
    if (shown) PEM_write_bio_X509(out, shown);
    char* bytes = nullptr;
    long size = BIO_get_mem_data(out, &bytes);
    std::string pem(bytes, static_cast<std::size_t>(size));
    BIO_free(out);
    X509_free(shown);
    return pem;
  }
  std::string heard() { return std::move(heard_); }

 private:
  void work() {
    char buffer[4096];
    for (;;) {
      int got = SSL_read(ssl_, buffer, sizeof buffer);
      if (got <= 0) return;
      heard_.append(buffer, static_cast<std::size_t>(got));
    }
  }
  SSL_CTX* context_;
  SSL* ssl_;
  BIO *in_, *out_;
  std::string heard_;
};

}  // namespace unit
