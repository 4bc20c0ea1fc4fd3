#include "agent/cloud/orders.hpp"

#include "agent/gate/mint.hpp"

namespace qcloud {

Orders::Orders(Outbox& outbox, const Identity& identity, Rng& rng, std::string vendor_public_key)
    : outbox_(outbox), identity_(identity), rng_(rng), vendor_public_key_(std::move(vendor_public_key)) {}

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

Status Orders::settle(const Order& order, const std::string& receipt, WallTime when) {
  Order answered = order;
  answered.receipt = receipt;
  if (auto holds = verified(answered); !holds) return std::move(holds).error();
  auto status = outbox_.settle(order.id, receipt, when);
  if (status) outbox_.refresh();
  return status;
}

Result<Order> Orders::removal(const std::string& receipt, WallTime when) const {
  const auto& registration = identity_.registration.get();
  if (!registration)
    return Error{"identity.none", Retry::give_up, "There is no registration that could be removed.", ""};
  auto said = open_receipt(receipt, vendor_public_key_);
  if (!said) return std::move(said).error();
  auto text = [&](const char* member) {
    auto* found = said->if_contains(member);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
  };
  Order order;
  order.id = text("subject_request_id");
  order.scope = "registration";
  order.thumbprint = registration->thumbprint;
  // Nobody here ordered it, so the receipt says when; a time to come would stretch what it may keep.
  auto submitted = parse_rfc3339(text("submitted_time"));
  order.submitted = std::chrono::floor<seconds>(submitted ? std::min<WallTime>(*submitted, when) : when);
  order.receipt = receipt;
  order.settled = when;
  if (order.id.empty() || order.id.size() > 64)
    return Error{"receipt.malformed", Retry::give_up, "The receipt of the removal is not readable.", ""};
  auto holds = verified(order);
  if (!holds) return std::move(holds).error();
  return order;
}

Value<DataClass::request_id> Orders::id_of(const Order& order) const {
  return Mint::text<DataClass::request_id>(order.id);
}
Value<DataClass::signed_order> Orders::request_of(const Order& order) const {
  return Mint::text<DataClass::signed_order>(order.request);
}

}  // namespace qcloud
