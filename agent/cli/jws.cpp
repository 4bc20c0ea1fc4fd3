#include "agent/cli/jws.hpp"

#include "agent/cli/field.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <boost/json/parse.hpp>
#include <memory>
#include <vector>

namespace qcloud::cli {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::vector<Owned<EVP_PKEY>> ed25519_keys(std::string_view pem) {
  std::vector<Owned<EVP_PKEY>> keys;
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (Owned<EVP_PKEY> key{PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr)})
    if (EVP_PKEY_get_id(key.get()) == EVP_PKEY_ED25519) keys.push_back(std::move(key));
  ERR_clear_error();  // the end of the file is an error to OpenSSL
  return keys;
}

bool signed_by(EVP_PKEY* key, std::string_view text, std::string_view signature) {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const auto bytes = [](std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); };
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
  ERR_clear_error();
  return good;
}

Failure not_a_receipt(std::string why) {
  return {Exit::refused, "Not a valid receipt: " + std::move(why) + ".",
          "Take the receipt as it was given: three parts with dots between them, unchanged.", ""};
}

Result<boost::json::object> json_part(std::string_view part, const char* which) {
  const auto text = base64url_decode(part);
  if (!text) return not_a_receipt(std::string("its ") + which + " is damaged");
  boost::system::error_code error;
  auto value = boost::json::parse(*text, error);
  if (error || !value.is_object()) return not_a_receipt(std::string("its ") + which + " is damaged");
  return std::move(value.get_object());
}

}  // namespace

Result<std::string> base64url_decode(std::string_view text) {
  const Failure bad{Exit::refused, "This is not base64url.", "", ""};
  if (text.size() % 4 == 1) return bad;
  std::string out;
  unsigned bits = 0;
  unsigned held = 0;
  for (char c : text) {
    unsigned value = 0;
    if (c >= 'A' && c <= 'Z')
      value = static_cast<unsigned>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      value = static_cast<unsigned>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      value = static_cast<unsigned>(c - '0') + 52;
    else if (c == '-')
      value = 62;
    else if (c == '_')
      value = 63;
    else
      return bad;
    bits = bits << 6 | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFF);
      bits &= (1u << held) - 1;
    }
  }
  if (bits != 0) return bad;  // a second spelling of the same value
  return out;
}

std::string sha256_hex(std::string_view data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), digest, &size, EVP_sha256(), nullptr);
  constexpr char hex[] = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += hex[digest[i] >> 4];
    out += hex[digest[i] & 15];
  }
  return out;
}

Result<boost::json::object> verify_jws(std::string_view jws, std::string_view pem, std::string_view type) {
  const std::size_t first = jws.find('.'), last = jws.rfind('.');
  if (first == std::string_view::npos || first == last || jws.find('.', first + 1) != last)
    return not_a_receipt("it does not have three parts");
  const auto header = json_part(jws.substr(0, first), "header");
  if (!header) return header.error();
  if (raw_at(*header, "alg") != "EdDSA" || raw_at(*header, "typ") != type || header->contains("crit"))
    return not_a_receipt("its header announces something else (" + plain(boost::json::serialize(*header)) +
                         ")");
  const auto signature = base64url_decode(jws.substr(last + 1));
  if (!signature || signature->size() != 64) return not_a_receipt("its signature is damaged");
  const auto keys = ed25519_keys(pem);
  if (keys.empty())
    return Failure{Exit::refused, "The key file holds no Ed25519 public key.",
                   "Give the vendor's public key as a PEM file (BEGIN PUBLIC KEY).", ""};
  for (const auto& key : keys)
    if (signed_by(key.get(), jws.substr(0, last), *signature))
      return json_part(jws.substr(first + 1, last - first - 1), "content");
  return Failure{Exit::refused, "The signature is not good: the vendor's key did not sign this receipt.",
                 "Check that receipt and key belong together. If they do, do not rely on this receipt.",
                 "bad-signature"};
}

}  // namespace qcloud::cli
