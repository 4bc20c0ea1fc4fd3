// Removed on the account's page: the cloud answers with 410 and a receipt. One that holds ends the
// registration here as well: identity and name are destroyed, the switches thrown off, the receipt kept,
// and the box is silent. One that does not hold changes nothing: the box is quiet, and keeps what it has.
#include "agent/app/operations.hpp"
#include "agent/store/meta.hpp"

namespace qcloud {

Operations::Operations(Agent& agent) : agent_(agent), decisions_(agent.deps.executor) {
  agent_.on_removal = [this](std::string receipt) { return take_removal(std::move(receipt)); };
}

Task<void> Operations::take_removal(std::string receipt) {
  auto pass = co_await decisions_.enter();
  if (!agent_.identity.registration.get()) co_return;
  auto now = agent_.session.now();
  auto removal = agent_.orders.removal(receipt, now);
  if (!removal) {
    agent_.deps.log.warning("the cloud says that this box was removed, but proves it badly: " +
                            removal.error().detail);
    co_return;
  }
  auto status = agent_.deps.db.transaction([&]() -> Status {
    if (auto off = switches_off(now); !off) return off;
    if (auto none = unpublish(); !none) return none;
    if (auto kept = agent_.outbox.keep(*removal); !kept) return kept;
    // What was ordered of this registration before is done with it.
    for (auto order : agent_.outbox.pending()) {
      if (order.thumbprint != removal->thumbprint) continue;
      order.receipt = receipt;
      if (!agent_.orders.verified(order)) continue;
      if (auto settled = agent_.outbox.settle(order.id, receipt, now); !settled) return settled;
    }
    if (auto gone = agent_.identity.remove(); !gone) return gone;
    return set_meta(agent_.deps.db, note_removed, to_rfc3339(removal->submitted));
  });
  if (!status) {
    agent_.deps.log.error("the removal of this box could not be written: " + status.error().detail);
    co_return;
  }
  agent_.deps.log.warning("this box was removed on the account's page");
  co_await leave();
}

}  // namespace qcloud
