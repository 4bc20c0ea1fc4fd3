// The durable outbox of erasure orders (promise A5): filed in the switch's own transaction, kept
// through reboots and outages until a receipt settles them. How often an order was tried is not
// worth a disk write: after a restart it is simply due at once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/clock.hpp"
#include "agent/core/fact.hpp"
#include "agent/store/db.hpp"

namespace qcloud {

struct Order {
  std::string id;          // subject_request_id
  std::string scope;       // a feature's name, or "registration"
  std::string request;     // compact JWS by the device key
  std::string thumbprint;  // RFC 7638, of that key
  WallTime submitted;
  std::optional<std::string> receipt;  // compact JWS by the cloud, verified before it got here
  std::optional<WallTime> settled;
};

// The last failed try, kept in memory.
struct Delay {
  Instant next_try;
  int tries = 0;
  bool accepted = false;  // the cloud works on it: ask, do not send again
  std::string problem;    // why it is not settled yet, in words
  bool refused = false;   // an answer came, but its receipt does not hold
};

struct OpenOrder {
  std::string id, scope, thumbprint;
  bool operator==(const OpenOrder&) const = default;
};

class Outbox {
 public:
  explicit Outbox(Db& db);

  // Inside the caller's transaction. Call refresh() after it has committed.
  Status file(const Order& order);
  Status settle(const std::string& id, const std::string& receipt, WallTime when);
  // A receipt for something that was not ordered here (a removal on the account's page).
  Status keep(const Order& settled);
  void postpone(const std::string& id, Delay delay);
  const Delay* delay(const std::string& id) const;
  // All at once: the network changed, or the owner looks.
  void hurry();

  std::vector<Order> all() { return page("", -1); }
  // The oldest first, `most` of them (-1: all), from behind the one with the id `after`; empty: from the
  // first.
  std::vector<Order> page(const std::string& after, int most);
  std::vector<Order> pending();
  std::optional<Order> find(const std::string& id);

  // What is pending; changes wake whoever waits for work or for a receipt.
  Fact<std::vector<OpenOrder>> open;
  bool is_open(const std::string& id) const;
  void refresh();

 private:
  std::vector<Order> select(const char* sql, std::initializer_list<Arg> args);
  Db& db_;
  bool readable_ = true;
  std::map<std::string, Delay> delays_;
};

}  // namespace qcloud
