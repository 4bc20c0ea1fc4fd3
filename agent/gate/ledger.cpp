#include "agent/gate/ledger.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "agent/store/meta.hpp"

namespace qcloud {

namespace json = boost::json;

namespace {

constexpr std::int64_t keep_ms = 400ll * 86400 * 1000;

std::string_view to_string(ConnectionEnd end) {
  switch (end) {
    case ConnectionEnd::closed:
      return "closed";
    case ConnectionEnd::aborted:
      return "aborted";
    case ConnectionEnd::interrupted:
      return "interrupted";
    case ConnectionEnd::gap:
      return "gap";
  }
  return "gap";
}

json::value time_or_null(const Row& row, int column) {
  if (row.null(column)) return nullptr;
  return json::value(to_rfc3339(WallTime(Millis(row.number(column)))));
}

json::value text_or_null(const Row& row, int column) {
  if (row.null(column)) return nullptr;
  return json::value(row.text(column));
}

json::object to_json(const Row& row) {
  json::object out;
  auto kind = row.text(1);
  out["id"] = row.number(0);
  out["kind"] = kind;
  out["feature"] = row.text(2);
  if (kind == "message") {
    out["purpose"] = text_or_null(row, 3);
    out["host"] = text_or_null(row, 4);
    out["time"] = time_or_null(row, 5);
    boost::system::error_code ignored;
    auto fields = json::parse(row.text(6), ignored);
    out["fields"] = fields.is_array() ? fields : json::value(json::array());
    out["conn"] = row.null(7) ? json::value(nullptr) : json::value(row.number(7));
    return out;
  }
  out["proto"] = text_or_null(row, 8);
  out["local"] = text_or_null(row, 9);
  out["remote"] = text_or_null(row, 10);
  out["opened"] = time_or_null(row, 11);
  out["closed"] = time_or_null(row, 12);
  out["bytes_out"] = row.number(13);
  out["bytes_in"] = row.number(14);
  out["state"] = row.text(15);
  return out;
}

}  // namespace

Ledger::Ledger(Db& db, Clock& clock) : db_(db), clock_(clock) {
  next_ = 1 + db_.number(
                  "SELECT max(coalesce((SELECT max(id) FROM main.ledger),0),"
                  "coalesce((SELECT max(id) FROM spool.ledger),0))");
}

Status Ledger::start(const std::string& boot_id) {
  auto last = get_meta(db_, "ledger_boot");
  auto clean = get_meta(db_, "ledger_clean");
  // Begun anew since: removed or damaged within this boot.
  bool spool_is_new = db_.number("PRAGMA spool.user_version") == 0;
  if (auto status =
          db_.run("UPDATE spool.ledger SET state='interrupted', closed=? WHERE state='open'", {now_ms()});
      !status)
    return status;
  if (auto status = db_.run("UPDATE main.ledger SET state='interrupted' WHERE state='open' AND id NOT IN "
                            "(SELECT id FROM spool.ledger)");
      !status)
    return status;
  return db_.transaction([&]() -> Status {
    if (last && clean == "no" && (*last != boot_id || spool_is_new)) {
      auto from = get_meta(db_, "ledger_folded").value_or("0");
      auto status = db_.run(
          "INSERT INTO main.ledger(id,kind,feature,opened,closed,bytes_out,bytes_in,state) "
          "VALUES(?,'gap','',?,?,0,0,'gap')",
          {next_++, static_cast<std::int64_t>(std::strtoll(from.c_str(), nullptr, 10)), now_ms()});
      if (!status) return status;
    }
    if (auto status = set_meta(db_, "ledger_boot", boot_id); !status) return status;
    if (auto status = set_meta(db_, "ledger_folded", std::to_string(now_ms())); !status) return status;
    if (auto status = set_meta(db_, "ledger_clean", "no"); !status) return status;
    return spool_is_new ? db_.run("PRAGMA spool.user_version=1") : Status();
  });
}

Status Ledger::stop() {
  if (auto status = fold(); !status) return status;
  return set_meta(db_, "ledger_clean", "yes");
}

Status Ledger::insert(std::int64_t id, std::string_view kind, std::string_view feature,
                      std::string_view purpose, std::string_view host, const std::string& fields,
                      const ConnectionInfo* info, std::string_view state) {
  auto write = [&]() -> Status {
    if (!info)
      return db_.run(
          "INSERT INTO spool.ledger(id,kind,feature,purpose,host,time,fields) VALUES(?,?,?,?,?,?,?)",
          {id, kind, feature, purpose, host, now_ms(), fields});
    return db_.run(
        "INSERT INTO spool.ledger(id,kind,feature,proto,local,remote,opened,bytes_out,bytes_in,state) "
        "VALUES(?,?,?,?,?,?,?,0,0,?)",
        {id, kind, feature, info->proto, info->local, info->remote, now_ms(), state});
  };
  auto status = with_room(write);
  trouble.set(status ? "" : status.error().detail);
  return status;
}

Result<std::int64_t> Ledger::message(std::string_view feature, std::string_view purpose,
                                     std::string_view host, const std::vector<std::string>& fields) {
  auto id = next_++;
  json::array names(fields.begin(), fields.end());
  if (auto status = insert(id, "message", feature, purpose, host, json::serialize(names), nullptr, "");
      !status)
    return std::move(status).error();
  announce(id);
  return id;
}

// A spool at its cap is folded: waking the disk once is better than losing a row, or the end of one.
Status Ledger::with_room(const std::function<Status()>& write) {
  auto status = write();
  if (status || status.error().code != "store.full") return status;
  if (auto folded = fold(); !folded) return folded;
  return write();
}

void Ledger::link(std::int64_t message, std::int64_t connection) {
  auto status = with_room([&] {
    return db_.run("UPDATE spool.ledger SET conn=?2 WHERE id=?1", {message, connection});
  });
  if (status)
    status = db_.run(
        "UPDATE main.ledger SET conn=?2 WHERE id=?1 AND conn IS NULL AND "
        "NOT EXISTS(SELECT 1 FROM spool.ledger WHERE id=?1)",
        {message, connection});
}

std::int64_t Ledger::opened(std::string_view feature, const ConnectionInfo& info) {
  auto id = next_++;
  // A connection that cannot be recorded is closed by its caller: id 0 says so.
  if (!insert(id, "connection", feature, "", "", "", &info, "open")) return 0;
  announce(id);
  return id;
}

void Ledger::passed(std::int64_t id, std::uint64_t bytes_out, std::uint64_t bytes_in) {
  passed_[id] = {bytes_out, bytes_in, false};
  if (clock_.now() - passed_written_ >= minutes(1)) write_passed();
}

// To the spool, which is no disk: what is lost with the next kill is a minute.
void Ledger::write_passed() {
  passed_written_ = clock_.now();
  for (auto& [id, passed] : passed_) {
    if (passed.written) continue;
    auto status = db_.run("UPDATE spool.ledger SET bytes_out=?, bytes_in=? WHERE id=? AND state='open'",
                          {passed.bytes_out, passed.bytes_in, id});
    passed.written = static_cast<bool>(status);
  }
}

void Ledger::closed(std::int64_t id, std::uint64_t bytes_out, std::uint64_t bytes_in, ConnectionEnd end) {
  passed_.erase(id);
  auto write = [&](const char* sql) {
    return db_.run(sql, {now_ms(), bytes_out, bytes_in, to_string(end), id});
  };
  // An open row stays in the spool until it closes; only one that was folded under pressure is in the state.
  auto status = with_room(
      [&] { return write("UPDATE spool.ledger SET closed=?, bytes_out=?, bytes_in=?, state=? WHERE id=?"); });
  if (db_.number("SELECT count(*) FROM spool.ledger WHERE id=?", {id}) == 0)
    status = write("UPDATE main.ledger SET closed=?, bytes_out=?, bytes_in=?, state=? WHERE id=?");
  if (status) announce(id);
}

Status Ledger::prune(WallTime now) {
  auto before = now.time_since_epoch().count() - keep_ms;
  if (db_.number("SELECT count(*) FROM main.ledger WHERE coalesce(time,closed,opened) < ?", {before}) == 0)
    return {};
  return db_.run("DELETE FROM main.ledger WHERE coalesce(time,closed,opened) < ?", {before});
}

Status Ledger::fold() {
  if (db_.number("SELECT count(*) FROM spool.ledger") == 0) return {};
  // Copy, then clear: killed in between, the copy is made again under the same ids.
  auto status = db_.transaction([&]() -> Status {
    if (auto copied = db_.run(
            "INSERT OR REPLACE INTO main.ledger SELECT * FROM spool.ledger WHERE state IS NOT 'open'");
        !copied)
      return copied;
    return set_meta(db_, "ledger_folded", std::to_string(now_ms()));
  });
  if (!status) return status;
  return db_.run("DELETE FROM spool.ledger WHERE state IS NOT 'open'");
}

#define LEDGER_COLUMNS \
  "id,kind,feature,purpose,host,time,fields,conn,proto,local,remote,opened,closed,bytes_out,bytes_in,state"
#define LEDGER_BOTH               \
  "(SELECT " LEDGER_COLUMNS       \
  " FROM spool.ledger UNION ALL " \
  "SELECT " LEDGER_COLUMNS " FROM main.ledger WHERE id NOT IN (SELECT id FROM spool.ledger))"

json::array Ledger::rows(const Filter& filter) {
  write_passed();
  json::array out;
  auto status =
      db_.run("SELECT " LEDGER_COLUMNS " FROM " LEDGER_BOTH
              " WHERE (?1='' OR feature=?1) AND coalesce(time,opened)>=?2 AND id>?3 ORDER BY id LIMIT ?4",
              {filter.feature, filter.since, filter.after, filter.limit},
              [&](const Row& row) { out.push_back(to_json(row)); });
  if (!status) out.clear();
  return out;
}

json::array Ledger::summary(std::int64_t since) {
  write_passed();
  json::array out;
  auto status = db_.run(
      "SELECT feature, sum(kind='message'), sum(kind='connection'), sum(coalesce(bytes_out,0)),"
      "sum(coalesce(bytes_in,0)) FROM " LEDGER_BOTH
      " WHERE feature<>'' AND coalesce(time,opened)>=? GROUP BY feature ORDER BY feature",
      {since}, [&](const Row& row) {
        out.push_back({{"feature", row.text(0)},
                       {"messages", row.number(1)},
                       {"connections", row.number(2)},
                       {"bytes_out", row.number(3)},
                       {"bytes_in", row.number(4)}});
      });
  if (!status) out.clear();
  return out;
}

}  // namespace qcloud
