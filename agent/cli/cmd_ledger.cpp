// ledger, ledger summary: what left the box.
#include "agent/cli/commands.hpp"
#include "agent/cli/field.hpp"
#include "agent/cli/ledger.hpp"
#include "agent/cli/when.hpp"

#include <algorithm>
#include <limits>
#include <ostream>
#include <set>

namespace qcloud::cli {
namespace {

constexpr std::int64_t page = 500;

using RowSink = std::function<void(const boost::json::object&)>;

/// Where a walk through the ledger stands.
struct Walk {
  std::string since;  // RFC 3339, empty: from the beginning
  std::string after;  // the last id seen
  std::int64_t left;  // rows still wanted
};

/// Calls `sink` for each row, page by page, until the ledger or the limit ends.
Result<void> each_row(const Client& client, const std::string& feature, Walk& walk, const RowSink& sink) {
  while (walk.left > 0) {
    const std::int64_t wanted = std::min(walk.left, page);
    Target target("/v1/ledger");
    if (!feature.empty()) target.query("feature", feature);
    if (!walk.since.empty()) target.query("since", walk.since);
    if (!walk.after.empty()) target.query("after", walk.after);
    target.query("limit", std::to_string(wanted));
    const auto answer = client.get(target);
    if (!answer) return answer.error();
    const auto& rows = list_at(*answer, "rows");
    const std::string before = walk.after;
    for (const auto& row : rows) {
      sink(object_of(row));
      walk.after = text_at(object_of(row), "id");
      --walk.left;
    }
    // An agent that ignores `after` must not make us go round for ever.
    if (static_cast<std::int64_t>(rows.size()) < wanted || walk.after == before) return {};
  }
  return {};
}

Walk start(const Session& session) {
  const auto& options = session.options;
  const std::int64_t now = session.look.now;
  std::string since = options.since.empty() ? "" : rfc3339(*parse_since(options.since, now));
  if (options.follow && since.empty()) since = rfc3339(now);
  return {since, "", options.limit > 0 ? options.limit : std::numeric_limits<std::int64_t>::max()};
}

/// Rows already printed, by id and state: a connection shows when it opens and when it closes.
class Printer {
 public:
  explicit Printer(const Session& session) : session_(session) {}

  void operator()(const boost::json::object& row) {
    if (!session_.options.feature.empty() && raw_at(row, "feature") != session_.options.feature) return;
    if (seen_.size() > 10'000) seen_.clear();
    if (!seen_.insert(text_at(row, "id") + ' ' + text_at(row, "state")).second) return;
    boost::json::object whole{{"schema", 1}};
    for (const auto& [key, value] : row) whole[key] = value;
    session_.show(ledger_row(row, session_.look), whole);
  }

 private:
  const Session& session_;
  std::set<std::string> seen_;
};

Exit follow(Session& session, Walk walk) {
  const Client client = session.interruptible();
  Printer print(session);
  Result<void> listed;
  const auto list = [&] {
    listed = each_row(client, session.options.feature, walk, std::ref(print));
    return listed.has_value();
  };
  const auto event = [&](std::string_view name, const boost::json::object& data) {
    if (name != "ledger") return true;
    const auto& rows = list_at(data, "rows");
    for (const auto& row : rows) print(object_of(row));
    return !rows.empty() || list();
  };
  session.say(ledger_head(session.look));
  const auto ended = client.follow(list, event);
  const auto& failed = !listed ? listed : ended;
  // Ctrl-C is the way to end this, not a failure.
  if (!failed && failed.error().code != "interrupted") return session.fail(failed.error());
  return Exit::done;
}

}  // namespace

Exit show_ledger(Session& session) {
  Walk walk = start(session);
  if (session.options.follow) return follow(session, walk);
  boost::json::array all;
  bool any = false;
  const auto rows =
      each_row(session.client, session.options.feature, walk, [&](const boost::json::object& row) {
        if (session.options.json) {
          all.push_back(row);
          return;
        }
        if (!std::exchange(any, true)) session.say(ledger_head(session.look));
        session.show(ledger_row(row, session.look), row);
      });
  if (!rows) return session.fail(rows.error());
  if (session.options.json)
    session.show("", {{"schema", 1}, {"rows", std::move(all)}});
  else if (!any)
    session.say("Nothing left this NAS" + std::string(session.options.since.empty() ? "" : " in this time") +
                ".\n");
  return Exit::done;
}

Exit summarize_ledger(Session& session) {
  Target target("/v1/ledger/summary");
  if (const Walk walk = start(session); !walk.since.empty()) target.query("since", walk.since);
  const auto summary = session.client.get(target);
  if (!summary) return session.fail(summary.error());
  session.show(summary_text(*summary, session.look), *summary);
  return Exit::done;
}

}  // namespace qcloud::cli
