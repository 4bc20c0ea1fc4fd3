// Erasure orders: signing, filing, and settling with a verified receipt. The one place where the
// device key, the outbox and the vendor's public key meet.
#pragma once

#include "agent/cloud/identity.hpp"
#include "agent/cloud/receipt.hpp"
#include "agent/core/rng.hpp"
#include "agent/store/outbox.hpp"

namespace qcloud {

class Orders {
 public:
  Orders(Outbox& outbox, const Identity& identity, Rng& rng, std::string vendor_public_key);

  // Within the caller's transaction. Nothing is filed for a box that is not registered: nullopt.
  Result<std::optional<std::string>> file(const std::string& scope, WallTime when);
  // Errors: receipt.* when it does not hold, store.*.
  Status settle(const Order& order, const std::string& receipt, WallTime when);
  // This box was removed on the account's page, and `receipt` proves it: a settled order of nobody here,
  // to be kept. Errors: identity.none, receipt.* when it is not of this box, or does not hold.
  Result<Order> removal(const std::string& receipt, WallTime when) const;
  // The decoded, verified payload of a settled order's receipt.
  Result<boost::json::object> verified(const Order& order) const;

  Value<DataClass::request_id> id_of(const Order& order) const;
  Value<DataClass::signed_order> request_of(const Order& order) const;

  Outbox& outbox() { return outbox_; }

 private:
  Outbox& outbox_;
  const Identity& identity_;
  Rng& rng_;
  std::string vendor_public_key_;
};

}  // namespace qcloud
