#include "agent/cloud/receipt.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <memory>

#include "agent/cloud/encoding.hpp"

namespace qcloud {

namespace json = boost::json;

namespace {

Error refused(const char* code, std::string why) {
  return {std::string("receipt.") + code, Retry::retry_later, std::move(why),
          "The order stays open until the cloud gives a receipt that holds."};
}

std::string text(const json::object& object, const char* name) {
  auto* found = object.if_contains(name);
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::optional<json::object> parse_object(std::string_view bytes) {
  json::parse_options limits;
  limits.max_depth = 8;
  boost::system::error_code failed;
  auto value = json::parse(json::string_view(bytes.data(), bytes.size()), failed, {}, limits);
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

bool signed_by(std::string_view input, std::string_view signature, const std::string& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                               BIO_free);
  // One file may hold two keys, the current and the next.
  while (EVP_PKEY* key = PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr)) {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> owned(key, EVP_PKEY_free);
    if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519)
      continue;  // the key decides the algorithm, never the header
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
        EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                         signature.size(), reinterpret_cast<const unsigned char*>(input.data()),
                         input.size()) == 1)
      return true;
  }
  return false;
}

bool has_scope(const json::object& receipt, const std::string& wanted) {
  auto* scope = receipt.if_contains("scope");
  if (!scope || !scope->is_array()) return false;
  return std::any_of(scope->as_array().begin(), scope->as_array().end(), [&](const json::value& entry) {
    return entry.is_string() && entry.as_string() == wanted;
  });
}

Status check_stores(const json::object& receipt, WallTime submitted) {
  auto* stores = receipt.if_contains("stores");
  if (!stores || !stores->is_array())
    return refused("incomplete", "The receipt does not say what was erased.");
  for (const auto& store : stores->as_array()) {
    if (!store.is_object()) return refused("malformed", "The receipt is not readable.");
    auto ends = parse_rfc3339(text(store.as_object(), "backup_expires_at"));
    auto deleted = parse_rfc3339(text(store.as_object(), "deleted_at"));
    if (!ends || !deleted || text(store.as_object(), "name").empty())
      return refused("incomplete", "The receipt does not say what was erased and when backups end.");
    // An order that waited for longer than that has no backups: they end with the deletion.
    if (*ends > std::max(submitted + days(180), *deleted))
      return refused("backups_too_long", "Backups would be kept for more than 180 days.");
  }
  return {};
}

// Six months from the receipt: an order may have waited out a long outage.
Status check_retained(const json::object& receipt) {
  static constexpr std::array<std::string_view, 3> unbounded = {"payment", "license", "correspondence"};
  auto* retained = receipt.if_contains("retained");
  if (!retained) return refused("incomplete", "The receipt does not say what is kept.");
  if (!retained->is_array()) return refused("malformed", "The receipt is not readable.");
  auto* issued = receipt.if_contains("iat");
  constexpr std::int64_t year_9999 = 253'402'300'799;
  if (!issued || !issued->is_int64() || issued->as_int64() < 0 || issued->as_int64() > year_9999)
    return refused("incomplete", "The receipt does not say when it was made.");
  auto latest = from_unix(issued->as_int64()) + days(184);
  for (const auto& entry : retained->as_array()) {
    if (!entry.is_object()) return refused("malformed", "The receipt is not readable.");
    auto what = text(entry.as_object(), "what");
    auto until = parse_rfc3339(text(entry.as_object(), "until"));
    if (what.empty() || !until || text(entry.as_object(), "why").empty() ||
        text(entry.as_object(), "legal_basis").empty())
      return refused("incomplete", "The receipt keeps something without saying why and until when.");
    bool listed = std::find(unbounded.begin(), unbounded.end(), what) != unbounded.end();
    if (!listed && *until > latest)
      return refused("retained_too_long", "The cloud would keep \"" + what + "\" for more than six months.");
  }
  return {};
}

}  // namespace

Result<json::object> open_receipt(const std::string& jws, const std::string& public_key_pem) {
  auto first = jws.find('.');
  auto second = first == std::string::npos ? first : jws.find('.', first + 1);
  if (second == std::string::npos || jws.size() > 65536)
    return refused("malformed", "The receipt is not a signed document.");
  auto header = from_base64url(std::string_view(jws).substr(0, first));
  auto payload = from_base64url(std::string_view(jws).substr(first + 1, second - first - 1));
  auto signature = from_base64url(std::string_view(jws).substr(second + 1));
  if (!header || !payload || !signature) return refused("malformed", "The receipt is not a signed document.");
  auto head = parse_object(*header);
  auto body = parse_object(*payload);
  if (!head || !body) return refused("malformed", "The receipt is not readable.");
  auto algorithm = text(*head, "alg");
  if ((algorithm != "EdDSA" && algorithm != "Ed25519") || text(*head, "typ") != "erasure-receipt+jwt" ||
      head->contains("crit"))
    return refused("malformed", "The document is not an erasure receipt.");
  if (!signed_by(std::string_view(jws).substr(0, second), *signature, public_key_pem))
    return refused("bad_signature", "The receipt is not signed by the vendor.");
  return std::move(*body);
}

Result<json::object> verify_receipt(const std::string& jws, const std::string& public_key_pem,
                                    const ReceiptExpectation& expected) {
  auto receipt = open_receipt(jws, public_key_pem);
  if (!receipt) return receipt;
  if (text(*receipt, "sub") != expected.thumbprint)
    return refused("other_box", "The receipt belongs to another box.");
  if (text(*receipt, "status") != "completed")
    return refused("not_completed", "The receipt does not say that it is done.");
  // A receipt of the whole device's erasure settles every order of that device, whoever asked for it.
  bool whole = has_scope(*receipt, "registration");
  bool answers = text(*receipt, "subject_request_id") == expected.order_id &&
                 text(*receipt, "request_sha256") == hex(sha256(expected.request));
  if (!whole && !answers) return refused("other_order", "The receipt answers another order.");
  if (!whole && !has_scope(*receipt, expected.scope))
    return refused("other_scope", "The receipt does not cover what was to be erased.");
  if (auto status = check_stores(*receipt, expected.submitted); !status) return std::move(status).error();
  if (auto status = check_retained(*receipt); !status) return std::move(status).error();
  return receipt;
}

}  // namespace qcloud
