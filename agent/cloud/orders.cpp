#include "agent/cloud/orders.hpp"

#include "agent/gate/mint.hpp"

namespace qcloud {

Orders::Orders(Outbox& outbox, const Identity& identity, Clock& clock, Rng& rng,
               std::string vendor_public_key)
    : outbox_(outbox),
      identity_(identity),
      clock_(clock),
      rng_(rng),
      vendor_public_key_(std::move(vendor_public_key)) {}

Result<std::optional<std::string>> Orders::file(const std::string& scope, WallTime when) {
  Order order;
  order.id = rng_.uuid();
  order.scope = scope;
  order.submitted = std::chrono::floor<seconds>(when);
  auto signed_order = identity_.sign_order(order.id, scope, order.submitted);
  if (!signed_order) return std::optional<std::string>();
  order.request = std::move(signed_order->request);
  order.thumbprint = std::move(signed_order->thumbprint);
  if (auto status = outbox_.file(order); !status) return std::move(status).error();
  return std::optional<std::string>(order.id);
}

Result<boost::json::object> Orders::verified(const Order& order) const {
  ReceiptExpectation expected{order.thumbprint, order.id, order.request, order.scope, order.submitted};
  return verify_receipt(order.receipt.value_or(""), vendor_public_key_, expected);
}

Status Orders::settle(const Order& order, const std::string& receipt) {
  Order answered = order;
  answered.receipt = receipt;
  if (auto holds = verified(answered); !holds) return std::move(holds).error();
  auto status = outbox_.settle(order.id, receipt, clock_.wall());
  if (status) outbox_.refresh();
  return status;
}

Value<DataClass::request_id> Orders::id_of(const Order& order) const {
  return Mint::text<DataClass::request_id>(order.id);
}
Value<DataClass::signed_order> Orders::request_of(const Order& order) const {
  return Mint::text<DataClass::signed_order>(order.request);
}

}  // namespace qcloud
