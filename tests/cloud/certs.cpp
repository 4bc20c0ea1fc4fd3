#include "tests/cloud/certs.hpp"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "tests/cloud/address.hpp"
#include "tests/cloud/encoding.hpp"

namespace refcloud {
namespace {

using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Csr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;
using Crl = std::unique_ptr<X509_CRL, Freer<X509_CRL_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, Freer<ASN1_INTEGER_free>>;
using Time = std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

const unsigned char* data_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

template <auto Write, class T>
std::string der_of(T* object) {
  const int size = Write(object, nullptr);
  must(size > 0, "DER");
  std::string out(static_cast<std::size_t>(size), '\0');
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  Write(object, &at);
  return out;
}

template <auto Write, class T>
std::string pem_of(T* object) {
  const Bio bio(must(BIO_new(BIO_s_mem()), "memory"));
  must(Write(bio.get(), object) == 1, "PEM");
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(
      must(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), "certificate extension"));
  must(X509_add_ext(certificate, extension.get(), -1) == 1, "certificate extension");
}

// Subject, validity, a serial number of 127 bits: what all certificates have in common.
Certificate blank(const std::string& serial, std::string_view common_name, Seconds from, Seconds until) {
  Certificate certificate(must(X509_new(), "memory"));
  X509_set_version(certificate.get(), X509_VERSION_3);
  BIGNUM* number = nullptr;
  BN_hex2bn(&number, serial.c_str());
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  must(ASN1_TIME_set(X509_getm_notBefore(certificate.get()), static_cast<std::time_t>(from)) != nullptr,
       "time");
  must(ASN1_TIME_set(X509_getm_notAfter(certificate.get()), static_cast<std::time_t>(until)) != nullptr,
       "time");
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             data_of(common_name), static_cast<int>(common_name.size()), -1, 0);
  return certificate;
}

std::string new_serial(Rng& rng) {
  auto raw = rng.bytes(16);
  raw[0] = static_cast<char>((raw[0] & 0x3f) | 0x40);
  return hex(raw);
}

void finish(const Keys& keys, X509* certificate) {
  must(X509_set_issuer_name(certificate, X509_get_subject_name(keys.ca.get())) == 1, "issuer");
  extend(certificate, keys.ca.get(), NID_authority_key_identifier, "keyid");
  must(X509_sign(certificate, keys.ca_key.get(), EVP_sha256()) > 0, "signing a certificate");
}

}  // namespace

Keys Keys::generate(Seconds now, Rng& rng) {
  Keys keys{generate_p256(), nullptr, generate_ed25519(), {}};
  keys.receipt_kid = ed25519_thumbprint(keys.receipt_key.get());
  keys.ca = blank(new_serial(rng), "refcloud CA", now - 365 * day, now + Seconds{30} * 365 * day);
  auto* const ca = keys.ca.get();
  must(
      X509_set_issuer_name(ca, X509_get_subject_name(ca)) == 1 && X509_set_pubkey(ca, keys.ca_key.get()) == 1,
      "CA");
  extend(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  extend(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(ca, ca, NID_subject_key_identifier, "hash");
  must(X509_sign(ca, keys.ca_key.get(), EVP_sha256()) > 0, "signing a certificate");
  return keys;
}

Keys Keys::from_pem(std::string_view ca_key, std::string_view ca_certificate, std::string_view receipt_key) {
  Keys keys{read_private_pem(ca_key), nullptr, read_private_pem(receipt_key), {}};
  const Bio bio(
      must(BIO_new_mem_buf(ca_certificate.data(), static_cast<int>(ca_certificate.size())), "memory"));
  keys.ca.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  must(keys.ca_key && keys.ca && keys.receipt_key &&
           X509_check_private_key(keys.ca.get(), keys.ca_key.get()) == 1,
       "reading the cloud's keys");
  keys.receipt_kid = ed25519_thumbprint(keys.receipt_key.get());
  return keys;
}

std::string Keys::ca_pem() const { return pem_of<PEM_write_bio_X509>(ca.get()); }
std::string Keys::receipt_public_pem() const { return public_pem(receipt_key.get()); }

std::optional<std::string> csr_point(std::string_view der) {
  const auto* at = data_of(der);
  const Csr csr(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!csr || at != data_of(der) + der.size()) return std::nullopt;
  auto* const key = X509_REQ_get0_pubkey(csr.get());
  if (!key) return std::nullopt;
  auto point = p256_point(key);
  if (!point || X509_REQ_verify(csr.get(), key) != 1) return std::nullopt;
  return point;
}

IssuedCertificate issue_device_certificate(const Keys& keys, Rng& rng, std::string_view point,
                                           std::string_view device_id, Seconds now, Seconds lifetime) {
  IssuedCertificate issued{{}, new_serial(rng), now - hour, now + lifetime};
  const auto certificate = blank(issued.serial, device_id, issued.not_before, issued.not_after);
  const auto key = p256_from_point(point);
  must(key && X509_set_pubkey(certificate.get(), key.get()) == 1, "public key");
  extend(certificate.get(), keys.ca.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(certificate.get(), keys.ca.get(), NID_key_usage, "critical,digitalSignature");
  extend(certificate.get(), keys.ca.get(), NID_ext_key_usage, "clientAuth");
  extend(certificate.get(), keys.ca.get(), NID_subject_alt_name, "URI:urn:uuid:" + std::string(device_id));
  finish(keys, certificate.get());
  issued.der = der_of<i2d_X509>(certificate.get());
  return issued;
}

std::string issue_server_certificate(const Keys& keys, Rng& rng, EVP_PKEY* key,
                                     const std::vector<std::string>& names, Seconds now) {
  const auto certificate = blank(new_serial(rng), names.front(), now - 365 * day, now + 825 * day);
  must(X509_set_pubkey(certificate.get(), key) == 1, "public key");
  std::string alternatives;
  for (const auto& name : names)
    alternatives +=
        (alternatives.empty() ? "" : ",") + std::string(parse_address(name) ? "IP:" : "DNS:") + name;
  extend(certificate.get(), keys.ca.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(certificate.get(), keys.ca.get(), NID_key_usage, "critical,digitalSignature");
  extend(certificate.get(), keys.ca.get(), NID_ext_key_usage, "serverAuth");
  extend(certificate.get(), keys.ca.get(), NID_subject_alt_name, alternatives);
  finish(keys, certificate.get());
  return pem_of<PEM_write_bio_X509>(certificate.get());
}

std::optional<PresentedCertificate> read_client_certificate(const Keys& keys, std::string_view der) {
  const auto* at = data_of(der);
  const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != data_of(der) + der.size()) return std::nullopt;
  auto* const key = X509_get0_pubkey(certificate.get());
  const auto point = key ? p256_point(key) : std::nullopt;
  if (!point || X509_verify(certificate.get(), keys.ca_key.get()) != 1) return std::nullopt;
  std::tm until{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &until) != 1) return std::nullopt;
  return PresentedCertificate{jwk_thumbprint(*point), static_cast<Seconds>(timegm(&until))};
}

std::string certs_only(const Keys& keys, std::optional<std::string_view> certificate_der) {
  const std::unique_ptr<PKCS7, Freer<PKCS7_free>> bundle(must(PKCS7_new(), "memory"));
  must(PKCS7_set_type(bundle.get(), NID_pkcs7_signed) == 1 &&
           PKCS7_content_new(bundle.get(), NID_pkcs7_data) == 1,
       "PKCS#7");
  // Nothing is enveloped: RFC 7030 section 4.1.3 wants the content absent, not empty.
  PKCS7_set_detached(bundle.get(), 1);
  if (certificate_der) {
    const auto* at = data_of(*certificate_der);
    const Certificate certificate(
        must(d2i_X509(nullptr, &at, static_cast<long>(certificate_der->size())), "certificate"));
    must(PKCS7_add_certificate(bundle.get(), certificate.get()) == 1, "PKCS#7");
  }
  must(PKCS7_add_certificate(bundle.get(), keys.ca.get()) == 1, "PKCS#7");
  return der_of<i2d_PKCS7>(bundle.get());
}

std::string crl_der(const Keys& keys, const std::vector<Revoked>& revoked, Seconds now) {
  const Crl crl(must(X509_CRL_new(), "memory"));
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(keys.ca.get()));
  const Time from(must(ASN1_TIME_set(nullptr, static_cast<std::time_t>(now)), "time"));
  const Time until(must(ASN1_TIME_set(nullptr, static_cast<std::time_t>(now + 7 * day)), "time"));
  X509_CRL_set1_lastUpdate(crl.get(), from.get());
  X509_CRL_set1_nextUpdate(crl.get(), until.get());
  const Integer number(must(ASN1_INTEGER_new(), "memory"));
  ASN1_INTEGER_set_int64(number.get(), now);
  must(X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, number.get(), 0, 0) == 1, "CRL");
  for (const auto& entry : revoked) {
    X509_REVOKED* const row = must(X509_REVOKED_new(), "memory");
    BIGNUM* serial = nullptr;
    BN_hex2bn(&serial, entry.serial.c_str());
    const Integer serial_number(BN_to_ASN1_INTEGER(serial, nullptr));
    BN_free(serial);
    const Time at(must(ASN1_TIME_set(nullptr, static_cast<std::time_t>(entry.at)), "time"));
    X509_REVOKED_set_serialNumber(row, serial_number.get());
    X509_REVOKED_set_revocationDate(row, at.get());
    must(X509_CRL_add0_revoked(crl.get(), row) == 1, "CRL");
  }
  X509_CRL_sort(crl.get());
  must(X509_CRL_sign(crl.get(), keys.ca_key.get(), EVP_sha256()) > 0, "signing the CRL");
  return der_of<i2d_X509_CRL>(crl.get());
}

std::string crl_pem(std::string_view der) {
  const auto* at = data_of(der);
  const Crl crl(must(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())), "CRL"));
  return pem_of<PEM_write_bio_X509_CRL>(crl.get());
}

}  // namespace refcloud
