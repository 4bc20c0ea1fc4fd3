// What relays ask of the cloud, on a socket of their own: who is attached where, and whose name is this.
#include <algorithm>

#include "tests/cloud/cloud.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/publish.hpp"

namespace refcloud {
namespace {

// A relay asks for news every 25 s; one that has said nothing for so long is down.
constexpr Seconds silence = minute;

std::vector<std::string> fqdns_of(State& state, const std::string& device) {
  const auto name = name_of(state, device);
  if (!name) return {};
  return {state.fqdn(*name)};
}

std::string run_of(const json::object& body) {
  const auto* const run = body.if_contains("run");
  return run && run->is_string() ? std::string(run->get_string()) : std::string();
}

// A relay that was told to stop finishes beside the one of its name that follows. What the earlier one has to
// say of boxes does not count any more.
bool is_latest(const State& state, const json::object& body) {
  const auto at = state.relay_runs.find(text_member(body, "relay"));
  return at == state.relay_runs.end() || at->second == run_of(body);
}

// The answer says what the box need not be told: it looks for itself when it has attached.
json::object attach(State& state, const json::object& body) {
  only_members(body, {"relay", "run", "device_id", "seen", "certificate_sha256"});
  const auto relay = text_member(body, "relay"), device = text_member(body, "device_id");
  const bool known = state.db().query("SELECT 1 FROM relays WHERE name = ?", relay).next();
  if (!known || !is_latest(state, body))
    throw Problem{409, "relay-unknown", "A relay says first that it has started."};
  state.relay_heard[relay] = state.now();
  const bool good = state.db().query("SELECT 1 FROM devices WHERE id = ? AND revoked IS NULL", device).next();
  if (!good) throw Problem{403, "device-unknown", "This box may not attach."};
  publish(state, fqdns_of(state, device), IfDnsFails::keep, [&] {
    state.db().run("INSERT OR REPLACE INTO attachments VALUES(?, ?, ?, ?)", device, relay,
                   text_member(body, "seen"), state.now());
  });
  return {{"ok", true}, {"news", newest_event(state, device)}};
}

void detach(State& state, const json::object& body) {
  only_members(body, {"relay", "run", "device_id"});
  const auto relay = text_member(body, "relay"), device = text_member(body, "device_id");
  if (!is_latest(state, body)) return;
  state.relay_heard[relay] = state.now();
  publish(state, fqdns_of(state, device), IfDnsFails::keep,
          [&] { state.db().run("DELETE FROM attachments WHERE device = ? AND relay = ?", device, relay); });
}

// The names that lead to a relay, or would if it spoke.
std::vector<std::string> fqdns_at(State& state, const std::string& relay) {
  std::vector<std::string> fqdns;
  for (auto q = state.db().query("SELECT device FROM attachments WHERE relay = ?", relay); q.next();)
    for (auto& fqdn : fqdns_of(state, q.text(0))) fqdns.push_back(std::move(fqdn));
  return fqdns;
}

// What an earlier process of this name had attached is gone with it.
void started(State& state, const json::object& body) {
  only_members(body, {"relay", "run", "ipv4", "ipv6"});
  const auto relay = text_member(body, "relay");
  state.relay_runs[relay] = run_of(body);
  state.relay_heard[relay] = state.now();
  publish(state, fqdns_at(state, relay), IfDnsFails::keep, [&] {
    state.db().run("DELETE FROM attachments WHERE relay = ?", relay);
    state.db().run("DELETE FROM silent_relays WHERE name = ?", relay);
    state.db().run("INSERT OR REPLACE INTO relays VALUES(?, ?, ?, ?)", relay,
                   text_or_null_member(body, "ipv4"), text_or_null_member(body, "ipv6"), state.now());
  });
}

// A name of a service leads to the box of the name above it. Visitors prove no account here, so only a box
// that everyone may look up has any (promise L2).
Response device_of(State& state, std::string_view host) {
  const auto suffix = '.' + state.settings.zone;
  Problem nobody{404, "not-found", "No box answers for this name."};
  if (!host.ends_with(suffix)) throw nobody;
  host.remove_suffix(suffix.size());
  if (const auto dot = host.rfind('.'); dot != std::string_view::npos) host.remove_prefix(dot + 1);
  auto q = state.db().query(
      "SELECT d.id FROM names n JOIN devices d ON d.id = n.device WHERE n.name = ? AND d.revoked IS NULL AND "
      "d.audience = 'everyone'",
      std::string(host));
  if (!q.next()) throw nobody;
  return json_response(200, json::object{{"device_id", q.text(0)}});
}

// Where it was silent, or the way to it was broken, names lead to it again. Boxes that left it meanwhile
// could not be told of.
void heard(State& state, const std::string& relay, const json::object& attached) {
  state.relay_heard[relay] = state.now();
  if (!state.db().query("SELECT 1 FROM silent_relays WHERE name = ?", relay).next()) return;
  std::vector<std::string> left;
  // Who came in the last minute may not be on the list yet.
  for (auto q = state.db().query("SELECT device FROM attachments WHERE relay = ? AND since < ?", relay,
                                 state.now() - silence);
       q.next();)
    if (!attached.contains(q.text(0))) left.push_back(q.text(0));
  publish(state, fqdns_at(state, relay), IfDnsFails::keep, [&] {
    for (const auto& device : left)
      state.db().run("DELETE FROM attachments WHERE device = ? AND relay = ?", device, relay);
    state.db().run("DELETE FROM silent_relays WHERE name = ?", relay);
  });
}

// Asks for what a relay's boxes have to hear: {"relay","attached":{DEVICE: NUMBER},"hold"?}. A number is the
// newest that the box was told of. The answer has the boxes that may not be attached any more, and those with
// news; where there is neither it waits. The relay says each time what it holds, so neither side remembers
// anything.
struct News {
  json::array gone;
  json::object newer;
};
News news_of(State& state, const json::object& attached) {
  News out;
  for (const auto& [id, told] : attached) {
    const std::string device(id);
    auto q = state.db().query("SELECT 1 FROM devices WHERE id = ? AND revoked IS NULL", device);
    if (!q.next())
      out.gone.emplace_back(device);
    else if (const auto newest = newest_event(state, device); !told.is_int64() || newest > told.get_int64())
      out.newer[id] = newest;
  }
  return out;
}

std::optional<Response> news(State& state, const Request& request, bool last) {
  const auto body = parse_object(request.body);
  only_members(body, {"relay", "run", "attached", "hold"});
  text_member(body, "relay");
  const auto* const attached = body.if_contains("attached");
  if (!attached || !attached->is_object())
    throw Problem{400, "bad-member", "\"attached\" must be an object."};
  auto found = news_of(state, attached->get_object());
  if (!last && found.gone.empty() && found.newer.empty()) return std::nullopt;
  return json_response(200, json::object{{"gone", std::move(found.gone)}, {"news", std::move(found.newer)}});
}

Reply hang_or_answer(State& state, const Request& request) {
  constexpr Seconds most = 25;
  const auto body = parse_object(request.body);
  const auto* const wish = body.if_contains("hold");
  const auto hold = wish && wish->is_int64() ? std::clamp<Seconds>(wish->get_int64(), 0, most) : most;
  auto response = news(state, request, hold == 0);
  if (is_latest(state, body)) heard(state, text_member(body, "relay"), body.at("attached").get_object());
  if (response) return *std::move(response);
  return Hang{"", "", "", 0, state.now() + hold, request};
}

Reply answer(State& state, const Request& request) {
  constexpr std::string_view lookup = "/relay/device?host=";
  if (request.method == "GET" && request.target.starts_with(lookup))
    return device_of(state, std::string_view(request.target).substr(lookup.size()));
  if (request.method != "POST") throw Problem{404, "not-found", "There is nothing here."};
  if (request.target == "/relay/news") return hang_or_answer(state, request);
  const auto body = parse_object(request.body);
  if (request.target == "/relay/attach") return json_response(200, attach(state, body));
  if (request.target == "/relay/detach")
    detach(state, body);
  else if (request.target == "/relay/started")
    started(state, body);
  else
    throw Problem{404, "not-found", "There is nothing here."};
  return json_response(200, json::object{{"ok", true}});
}

}  // namespace

Reply relay_on(State& state, const Request& request) {
  try {
    return answer(state, request);
  } catch (const Problem& problem) {
    return problem_response(problem);
  } catch (const std::exception& error) {
    return problem_response({500, "internal", error.what()});
  }
}

// Nobody is led to a relay that is silent, until it asks for news again.
void leave_silent_relays(State& state) {
  const auto now = state.now(), looked = std::exchange(state.relays_looked, now);
  // If this clock was set, or this process stood still, nobody's silence means anything.
  if (now < looked || now - looked > silence / 2) state.relay_heard.clear();
  std::vector<std::string> silent;
  for (auto q =
           state.db().query("SELECT name FROM relays WHERE name NOT IN (SELECT name FROM silent_relays)");
       q.next();)
    if (now - state.relay_heard.try_emplace(q.text(0), now).first->second > silence)
      silent.push_back(q.text(0));
  for (const auto& relay : silent)
    publish(state, fqdns_at(state, relay), IfDnsFails::keep,
            [&] { state.db().run("INSERT INTO silent_relays VALUES(?)", relay); });
}

std::optional<Response> relay_again(State& state, const Hang& hang) {
  try {
    return news(state, *hang.relay, state.now() >= hang.until);
  } catch (const std::exception& error) {
    return problem_response({500, "internal", error.what()});
  }
}

}  // namespace refcloud
