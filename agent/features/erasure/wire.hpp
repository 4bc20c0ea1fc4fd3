// Erasure's messages, and what an answer to an order means. Pure.
#pragma once

#include <string>

#include "agent/features/erasure/manifest.hpp"
#include "agent/gate/answer.hpp"
#include "agent/gate/message.hpp"

namespace qcloud::erasure {

using Out = Message<manifest>;

Out order(const Value<DataClass::request_id>& id, const Value<DataClass::signed_order>& request);
Out ask(const Value<DataClass::request_id>& id);
Out export_all();
Out export_one(const Value<DataClass::feature_name>& feature);

struct OrderAnswer {
  enum class Kind {
    receipt,      // settled, if the receipt holds
    in_progress,  // accepted; ask again later
    unknown,      // the cloud does not know the id: send the order again
    failed,
  } kind = Kind::failed;
  std::string receipt;  // compact JWS
  Error error;
};
OrderAnswer read_order_answer(const Answer& answer);

}  // namespace qcloud::erasure
