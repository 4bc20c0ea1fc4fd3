#include "agent/cloud/box_certificate.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "agent/store/meta.hpp"

namespace qcloud {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

constexpr auto lifetime = days(397);  // what browsers take at most
constexpr auto early = days(30);

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  long size = BIO_get_mem_data(bio, &bytes);
  return std::string(bytes, static_cast<std::size_t>(size));
}

void extend(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
  if (extension) X509_add_ext(certificate, extension.get(), -1);
}

// Key and certificate, one PEM after the other; empty when OpenSSL refuses.
std::string make(const std::string& fqdn, WallTime now) {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  Certificate certificate(X509_new(), X509_free);
  if (!key || !certificate) return "";
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::unique_ptr<BIGNUM, decltype(&BN_free)> serial(BN_new(), BN_free);
  BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate.get()));
  // A day back: visitors' clocks differ.
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), unix_seconds(now - days(1)));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), unix_seconds(now + lifetime));
  X509_NAME* name = X509_get_subject_name(certificate.get());
  // A common name holds 64 characters; visitors read the alternative names.
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(fqdn.c_str()),
                             static_cast<int>(std::min<std::size_t>(fqdn.size(), 64)), -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_set_pubkey(certificate.get(), key.get());
  extend(certificate.get(), NID_subject_alt_name, "DNS:" + fqdn + ",DNS:*." + fqdn);
  extend(certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(certificate.get(), NID_ext_key_usage, "serverAuth");
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) return "";
  Bio out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_X509(out.get(), certificate.get());
  return text_of(out.get());
}

}  // namespace

// False: it is for another name, or over too soon.
bool BoxCertificate::adopt(std::string pem, const std::string& fqdn, WallTime now) {
  Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  Certificate certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
  ERR_clear_error();
  if (!key || !certificate || X509_check_private_key(certificate.get(), key.get()) != 1) return false;
  if (X509_check_host(certificate.get(), fqdn.data(), fqdn.size(), 0, nullptr) != 1) return false;
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts);
  auto until = from_unix(timegm(&parts));
  if (now + early >= until) return false;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  X509_digest(certificate.get(), EVP_sha256(), digest, &size);
  fingerprint_.clear();
  for (unsigned i = 0; i < size; ++i) {
    fingerprint_ += "0123456789abcdef"[digest[i] >> 4];
    fingerprint_ += "0123456789abcdef"[digest[i] & 15];
  }
  fqdn_ = fqdn;
  until_ = until;
  pem_ = std::move(pem);
  return true;
}

const std::string& BoxCertificate::pem(const std::string& fqdn, WallTime now) {
  static const std::string none;
  if (fqdn.empty()) return none;
  if (!pem_.empty() && fqdn == fqdn_ && now + early < until_) return pem_;
  if (adopt(get_meta(db_, "box_certificate").value_or(""), fqdn, now)) return pem_;
  if (!adopt(make(fqdn, now), fqdn, now)) return none;
  // One that cannot be kept is good for this run.
  auto kept = set_meta(db_, "box_certificate", pem_);
  (void)kept;
  return pem_;
}

Status BoxCertificate::destroy() { return db_.run("DELETE FROM meta WHERE key='box_certificate'"); }

}  // namespace qcloud
