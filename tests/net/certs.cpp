#include "tests/net/certs.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace net_test {

namespace {

void extend(X509* certificate, int what, const char* value) {
  X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, nullptr, what, value);
  X509_add_ext(certificate, made, -1);
  X509_EXTENSION_free(made);
}

}  // namespace

Issued issue(const Wanted& wanted, const Issued* issuer) {
  static long serial = 1;
  Issued out{unit::p256(), unit::Cert(X509_new())};
  X509* made = out.certificate.get();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(made), wanted.from);
  ASN1_TIME_set(X509_getm_notAfter(made), wanted.until);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wanted.cn.c_str()), -1, -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(issuer ? issuer->certificate.get() : made));
  X509_set_pubkey(made, out.key.get());
  if (wanted.ca) extend(made, NID_basic_constraints, "critical,CA:TRUE");
  if (!wanted.san.empty()) extend(made, NID_subject_alt_name, wanted.san.c_str());
  X509_sign(made, issuer ? issuer->key.get() : out.key.get(), EVP_sha256());
  return out;
}

std::string pem(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace net_test
