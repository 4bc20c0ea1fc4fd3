// Erasure with proof (promises A5, R3, K1).
//
// An order is a JWS by the device's key, so that it is good without a certificate: expired, revoked, or gone.
// It is executed once; its answer is a receipt, a JWS by the vendor's Ed25519 key that says what was deleted,
// when backups end, and what is kept, why and until when. The same order again gets the same receipt.
#pragma once

#include "tests/cloud/records.hpp"

namespace refcloud {

struct Erasure {
  std::string device_id;
  std::string jkt;  ///< the receipt's subject
  std::string id;   ///< subject_request_id, or a new one for a removal on the account's page
  Scope scope = Scope::registration;          ///< registration = everything
  std::optional<std::string> request_sha256;  ///< hex, of the order's JWS
  Seconds submitted = 0;
};

/// Deletes and returns the signed receipt. With `or_later`, DNS may follow later; without, 503
/// dns-unavailable and nothing is deleted.
std::string erase(State&, const Erasure&, bool or_later);

struct SignedReceipt {
  std::string id;  ///< nobody can guess it; whoever has it may fetch the receipt
  std::string jws;
};

/// Erases by the will of the account or of the operator; DNS may follow later. Nothing if there is no such
/// device. Scope::registration removes it.
std::optional<SignedReceipt> erase_for_account(State&, const std::string& device_id, Scope);

/// What is stored of an account beside its devices; the same table serves export, receipt and deletion.
std::vector<StoreRecords> records_of_account(State&, const std::string& login);
/// Deletes the account: its devices one by one, each with its receipt, then itself, whose receipt comes last.
/// May be repeated if it was cut short.
std::vector<SignedReceipt> erase_account(State&, const std::string& login);

// What both kinds of receipt are made of.
json::object retained(std::string_view what, std::string_view why, std::string_view legal_basis,
                      Seconds until);
std::string sign_receipt(State&, const json::object& payload);
/// Notes that backups hold what is deleted now, and says so for the receipt.
json::array erased_stores(State&, const std::string& receipt_id, const std::vector<StoreRecords>&,
                          Seconds backups_end);

/// Executes the orders that DNS kept waiting.
void retry_erasures(State&);

}  // namespace refcloud
