#include "agent/features/ddns/wire.hpp"

#include <algorithm>

namespace qcloud::ddns {

namespace json = boost::json;

Out look() { return Compose<manifest, "look">().done(); }

Out watch(const std::optional<Value<DataClass::server_cursor>>& cursor, const std::optional<Address>& seen) {
  Compose<manifest, "watch"> message;
  if (cursor) message.set<"cursor">(*cursor);
  if (seen) message.set<"seen">(*seen);
  return message.done();
}

Out whoami() { return Compose<manifest, "whoami">().done(); }

Out report(const std::optional<Address>& v4, const std::optional<Address>& v6) {
  Compose<manifest, "report"> message;
  if (v4)
    message.set<"ipv4">(*v4);
  else
    message.none<"ipv4", DataClass::public_address>();
  if (v6)
    message.set<"ipv6">(*v6);
  else
    message.none<"ipv6", DataClass::public_address>();
  return message.done();
}

Out path_probe() { return Compose<manifest, "path_probe">().done(); }

namespace {

Error bad() {
  return {"cloud.bad_answer", Retry::retry_later,
          "The cloud's answer about this box's address is not readable.", ""};
}

// An address of the wanted family, null for none; nothing when it is neither.
std::optional<std::optional<IpAddress>> member(const json::object& object, const char* name, bool v6) {
  auto* found = object.if_contains(name);
  if (!found) return std::nullopt;
  if (found->is_null()) return std::optional<IpAddress>();
  if (!found->is_string()) return std::nullopt;
  auto address = parse_ip(std::string_view(found->as_string().data(), found->as_string().size()));
  if (!address || address->v6 != v6) return std::nullopt;
  return address;
}

std::optional<Reported> reported_of(const json::object& object) {
  auto* found = object.if_contains("reported");
  if (!found || !found->is_object()) return std::nullopt;
  auto v4 = member(found->as_object(), "ipv4", false);
  auto v6 = member(found->as_object(), "ipv6", true);
  if (!v4 || !v6) return std::nullopt;
  return Reported{*v4, *v6};
}

bool plain(const std::string& text) {
  if (text.size() > 255) return false;
  for (unsigned char c : text)
    if (!(std::isalnum(c) || c == '-' || c == '.')) return false;
  return true;
}

}  // namespace

Result<News> parse_watch(const Answer& answer) {
  if (!answer.ok()) return answer.problem();
  News news;
  news.cursor = answer.echo<DataClass::server_cursor>("cursor");
  news.seen_value = answer.echo<DataClass::public_address>("seen");
  news.seen = parse_ip(string_member(answer.json, "seen"));
  news.name = string_member(answer.json, "name");
  news.fqdn = string_member(answer.json, "fqdn");
  auto reported = reported_of(answer.json);
  if (!news.cursor || !news.seen || !reported || !plain(news.name) || !plain(news.fqdn)) return bad();
  news.reported = *reported;
  auto heartbeat = number_member(answer.json, "heartbeat_seconds").value_or(0);
  if (heartbeat > 0)
    news.heartbeat_seconds = static_cast<int>(std::clamp<std::int64_t>(heartbeat, 60, 86400));
  return news;
}

Result<Sight> parse_whoami(const Answer& answer) {
  if (!answer.ok()) return answer.problem();
  auto value = answer.echo<DataClass::public_address>("address");
  auto address = parse_ip(string_member(answer.json, "address"));
  if (!value || !address) return bad();
  return Sight{*value, *address};
}

Result<Reported> parse_report(const Answer& answer) {
  if (!answer.ok()) return answer.problem();
  auto reported = reported_of(answer.json);
  if (!reported) return bad();
  return *reported;
}

}  // namespace qcloud::ddns
