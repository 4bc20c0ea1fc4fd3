// A receipt as a compact JWS -> open_receipt, and a payload that the vendor did sign -> verify_receipt.
#include "agent/cloud/receipt.hpp"
#include "agent/cloud/encoding.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/identity/openssl.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const unit::Key vendor = unit::ed25519();
  static const std::string pem = unit::public_pem(vendor.get());
  static const qcloud::ReceiptExpectation expected{"thumb-1", "11111111-2222-4333-8444-555555555555",
                                                   "eyJ.the.request", "ddns", qcloud::from_unix(1795428000)};
  std::string text(reinterpret_cast<const char*>(data), size);
  auto open = qcloud::open_receipt(text, pem);
  MUST(!open && open.error().code.starts_with("receipt."));  // nobody guesses a signature
  (void)qcloud::open_receipt(text, text);                    // a key file that is none

  auto jws = unit::sign_eddsa(vendor.get(), R"({"alg":"EdDSA","typ":"erasure-receipt+jwt"})", text);
  auto receipt = qcloud::verify_receipt(jws, pem, expected);
  if (!receipt) {
    MUST(receipt.error().code.starts_with("receipt.") && !receipt.error().detail.empty());
    return 0;
  }
  MUST(receipt->at("sub") == "thumb-1" && receipt->at("status") == "completed");
  for (const auto& store : receipt->at("stores").as_array()) {
    auto ends = qcloud::parse_rfc3339(std::string(store.at("backup_expires_at").as_string()));
    auto deleted = qcloud::parse_rfc3339(std::string(store.at("deleted_at").as_string()));
    MUST(ends && deleted && (*ends <= expected.submitted + qcloud::days(180) || *ends <= *deleted));
  }
  return 0;
}
