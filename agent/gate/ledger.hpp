// The egress ledger (promise A3): what left the box, when, for which feature, to which host.
// Message rows are written before sending; connection rows are closed with their payload bytes.
// New rows go to the spool in tmpfs; fold() moves them to the state when its disk is awake anyway.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/core/clock.hpp"
#include "agent/core/fact.hpp"
#include "agent/gate/transport.hpp"
#include "agent/store/db.hpp"

namespace qcloud {

class Ledger {
 public:
  Ledger(Db& db, Clock& clock);

  // Call once at start. Rows left open by a killed agent become `interrupted`; a different boot
  // after an unclean end, or a spool that is new, means that rows were lost: a `gap` row says from when to
  // when.
  Status start(const std::string& boot_id);
  Status stop();

  // An error means that the row is not written: then nothing may be sent.
  Result<std::int64_t> message(std::string_view feature, std::string_view purpose, std::string_view host,
                               const std::vector<std::string>& fields);
  void link(std::int64_t message, std::int64_t connection);
  std::int64_t opened(std::string_view feature, const ConnectionInfo& info);
  // So far. Told as often as one likes: it is written once a minute, and when somebody looks.
  void passed(std::int64_t id, std::uint64_t bytes_out, std::uint64_t bytes_in);
  void closed(std::int64_t id, std::uint64_t bytes_out, std::uint64_t bytes_in, ConnectionEnd end);

  Status fold();
  // Drops rows older than 400 days. `now` must be a confirmed time: a clock that is years ahead would
  // take everything.
  Status prune(WallTime now);

  struct Filter {
    std::string feature;     // empty: all
    std::int64_t since = 0;  // ms since 1970
    std::int64_t after = 0;  // id
    int limit = 1000;
  };
  boost::json::array rows(const Filter& filter);
  boost::json::array summary(std::int64_t since);

  // Why rows cannot be written at the moment, in words; empty when they can.
  Fact<std::string> trouble;
  // Told after a row was written or closed; rows() with `after` = id - 1 gives it.
  std::function<void(std::int64_t id)> on_row;

 private:
  Status with_room(const std::function<Status()>& write);
  Status insert(std::int64_t id, std::string_view kind, std::string_view feature, std::string_view purpose,
                std::string_view host, const std::string& fields, const ConnectionInfo* info,
                std::string_view state);
  void announce(std::int64_t id) {
    if (on_row) on_row(id);
  }
  std::int64_t now_ms() const { return clock_.wall().time_since_epoch().count(); }

  struct Passed {
    std::uint64_t bytes_out, bytes_in;
    bool written;
  };
  void write_passed();

  Db& db_;
  Clock& clock_;
  std::int64_t next_ = 1;
  std::map<std::int64_t, Passed> passed_;  // through what is open
  Instant passed_written_{};
};

}  // namespace qcloud
