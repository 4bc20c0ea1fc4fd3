// GET /v1/watch: a hanging GET that answers once. The connection itself is the NAS's sign of life; the
// answer tells it that its address as seen from outside has changed, or that something happened to it.
#include <charconv>

#include "tests/cloud/address.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/publish.hpp"

namespace refcloud {
namespace {

std::int64_t number(const Call& call, std::string_view name, std::int64_t fallback) {
  const auto* const text = find(call.query, name);
  if (!text) return fallback;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value < 0)
    throw Problem{400, "bad-query", "\"" + std::string(name) + "\" must be a number, 0 or more."};
  return value;
}

}  // namespace

std::int64_t newest_event(State& state, const std::string& device_id) {
  auto q = state.db().query("SELECT max(id) FROM events WHERE device = ?", device_id);
  return q.next() ? q.integer(0) : 0;
}

void add_event(State& state, const std::string& device_id, std::string_view type,
               const std::optional<std::string>& text) {
  state.db().run("INSERT INTO events(device, type, time, text) VALUES(?, ?, ?, ?)", device_id, type,
                 state.now(), text);
  state.changed.insert(device_id);
}

Response watch_answer(State& state, const Device& device, const std::string& source, std::int64_t cursor) {
  json::array events;
  for (auto q = state.db().query(
           "SELECT id, type, time, text FROM events WHERE device = ? AND id > ? ORDER BY id LIMIT 100",
           device.id, cursor);
       q.next();) {
    json::object event{{"type", q.text(1)}, {"time", rfc3339(q.integer(2))}};
    if (!q.is_null(3)) event["text"] = q.text(3);
    events.push_back(std::move(event));
    cursor = q.integer(0);
  }
  json::object answer{{"cursor", cursor}, {"seen", source}, {"name", or_null(name_of(state, device.id))}};
  add_published(state, device.id, answer);
  answer["events"] = std::move(events);
  auto wish = state.heartbeats.find(device.id);
  if (wish == state.heartbeats.end()) wish = state.heartbeats.find("");
  if (wish != state.heartbeats.end()) answer["heartbeat_seconds"] = wish->second;
  return json_response(200, answer);
}

Reply get_watch(State& state, const Call& call) {
  for (const auto& [name, value] : call.query)
    if (name != "cursor" && name != "seen" && name != "hold")
      throw Problem{400, "bad-query", "\"" + name + "\" is not known here."};
  const auto cursor = number(call, "cursor", 0);
  const auto hold = std::min(number(call, "hold", state.settings.max_hold), state.settings.max_hold);
  std::optional<Address> seen;
  if (const auto* const text = find(call.query, "seen")) {
    seen = parse_address(*text);
    if (!seen) throw Problem{400, "bad-query", "\"seen\" is not an IP address."};
  }
  ++state.stats.watches;
  if (!seen || seen->text() != call.source || newest_event(state, call.device->id) > cursor || hold == 0)
    return watch_answer(state, *call.device, call.source, cursor);
  ++state.stats.watches_hung;
  return Hang{call.device->id, call.device->jkt, call.source, cursor, state.now() + hold};
}

}  // namespace refcloud
