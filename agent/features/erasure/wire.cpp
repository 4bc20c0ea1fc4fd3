#include "agent/features/erasure/wire.hpp"

namespace qcloud::erasure {

Out order(const Value<DataClass::request_id>& id, const Value<DataClass::signed_order>& request) {
  return Compose<manifest, "order">().set<"Idempotency-Key">(id).set<"request">(request).done();
}

Out ask(const Value<DataClass::request_id>& id) { return Compose<manifest, "ask">().set<"id">(id).done(); }

Out export_all() { return Compose<manifest, "export">().done(); }

Out export_one(const Value<DataClass::feature_name>& feature) {
  return Compose<manifest, "export">().set<"scope">(feature).done();
}

OrderAnswer read_order_answer(const Answer& answer) {
  OrderAnswer out;
  out.receipt = string_member(answer.json, "receipt");
  // A box that was removed on the account's page is answered with that removal's receipt (410).
  if ((answer.ok() || answer.status == 410) && !out.receipt.empty()) {
    out.kind = OrderAnswer::Kind::receipt;
  } else if (answer.status == 202) {
    out.kind = OrderAnswer::Kind::in_progress;
  } else if (answer.status == 404) {
    out.kind = OrderAnswer::Kind::unknown;
  } else {
    out.error = answer.problem();
  }
  return out;
}

}  // namespace qcloud::erasure
