#include "agent/cloud/est.hpp"

#include <openssl/err.h>
#include <openssl/pkcs7.h>

#include "agent/cloud/encoding.hpp"

namespace qcloud {

Result<std::vector<Certificate>> parse_certs_only(std::string_view body) {
  Error bad{"cloud.bad_answer", Retry::retry_later, "The cloud's certificate answer is not readable.", ""};
  auto der = from_base64(body);
  if (!der || der->empty()) return bad;
  auto* at = reinterpret_cast<const unsigned char*>(der->data());
  std::unique_ptr<PKCS7, decltype(&PKCS7_free)> message(
      d2i_PKCS7(nullptr, &at, static_cast<long>(der->size())), PKCS7_free);
  ERR_clear_error();
  if (!message || at != reinterpret_cast<const unsigned char*>(der->data()) + der->size() ||
      !PKCS7_type_is_signed(message.get()) || !message->d.sign || !message->d.sign->cert)
    return bad;
  std::vector<Certificate> certificates;
  int count = sk_X509_num(message->d.sign->cert);
  if (count < 1 || count > 8) return bad;
  for (int i = 0; i < count; ++i) {
    X509* certificate = sk_X509_value(message->d.sign->cert, i);
    X509_up_ref(certificate);
    certificates.emplace_back(certificate);
  }
  return certificates;
}

}  // namespace qcloud
