// GET /nic/update: the protocol that routers and dyndns2 clients (inadyn, ddclient) speak, as a side door for
// a box or a network that our agent does not run in.
//
//   GET /nic/update?hostname=nas1.ZONE&myip=5.6.7.8     Authorization: Basic NAME:TOKEN     User-Agent:
//   required
//
// The answer is text/plain, one line a host: "good ADDRESS", "nochg ADDRESS" or a word that says why not.
// Clients look for the word; several read it only with status 200. There is no RFC; this is what
// https://help.dyn.com/return-codes.html says, and what those two clients do. A family that the client did
// not name keeps its address: a client that knows only IPv4 must not take the IPv6 address away.
#include <algorithm>
#include <vector>

#include "tests/cloud/credentials.hpp"
#include "tests/cloud/ddns.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/limits.hpp"

namespace refcloud {
namespace {

constexpr std::size_t most_hosts = 20;
constexpr int wrong_passwords = 10;  // in 10 minutes, by source address
constexpr int changes = 60;          // in an hour, by token: no line of the world is renumbered more often
constexpr int no_changes = 10;       // in an hour, by token: a client that does not look first

Response lines(int status, const std::string& text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}}, text};
}

Response badauth() {
  auto response = lines(401, "badauth\n");
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"dyndns2\"");
  return response;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    auto item = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) out.emplace_back(item);
  }
  return out;
}

struct Target {
  std::string device, name, token_hash;
  Seconds blocked_until = 0;
};

std::optional<Target> authenticated(State& state, const Call& call) {
  const auto given = basic_credentials(call.request);
  if (!given) return std::nullopt;
  Target target{{}, lower(given->user), {}};
  if (const auto zone = '.' + state.settings.zone; target.name.ends_with(zone))
    target.name.resize(target.name.size() - zone.size());
  auto q = state.db().query(
      "SELECT t.device, t.token_hash, t.blocked FROM names n JOIN update_tokens t ON t.device = n.device "
      "WHERE "
      "n.name = ?",
      target.name);
  const bool known = q.next();
  target.token_hash = known ? q.text(1) : std::string(64, '0');
  // An unknown name is compared as well: its answer takes as long as that for a wrong token.
  if (!constant_time_equal(sha256_hex(given->password), target.token_hash) || !known) return std::nullopt;
  target.device = q.text(0);
  target.blocked_until = q.integer(2);
  return target;
}

// The addresses that the client wants there; nothing if they cannot stand in public DNS.
std::optional<Report> wanted(const Call& call) {
  std::vector<std::string> given;
  for (const auto* const member : {"myip", "myipv6"})
    if (const auto* const value = find(call.query, member))
      for (auto& text : split(*value)) given.push_back(std::move(text));
  if (given.empty()) given.push_back(call.source);
  Report report;
  for (const auto& text : given) {
    const auto address = parse_address(text);
    if (!address || !address->global()) return std::nullopt;
    auto& slot = address->v6 ? report.ipv6 : report.ipv4;
    if (slot && *slot != address->text()) return std::nullopt;  // two of one family
    slot = address->text();
  }
  return report;
}

std::string both(const Report& report) {
  return report.ipv4.value_or("") + (report.ipv4 && report.ipv6 ? " " : "") + report.ipv6.value_or("");
}

// True if `kind` happened too often; from then on the token is refused for an hour, whatever it wants.
bool too_often(State& state, const Target& target, std::string_view kind, int most) {
  try {
    limit(state, kind, target.token_hash, most, hour);
    count_attempt(state, kind, target.token_hash);
    return false;
  } catch (const Problem&) {
    state.db().run("UPDATE update_tokens SET blocked = ? WHERE device = ?", state.now() + hour,
                   target.device);
    return true;
  }
}

std::string update(State& state, const Call& call, const Target& target) {
  auto report = wanted(call);
  if (!report) return too_often(state, target, "dyndns2 same", no_changes) ? "abuse" : "dnserr";
  const auto said = both(*report);
  const auto old = report_of(state, target.device);
  if (!report->ipv4) report->ipv4 = old.ipv4;
  if (!report->ipv6) report->ipv6 = old.ipv6;
  const bool change = old.revision == 0 || report->ipv4 != old.ipv4 || report->ipv6 != old.ipv6;
  if (too_often(state, target, change ? "dyndns2 change" : "dyndns2 same", change ? changes : no_changes))
    return "abuse";
  try {
    store_report(state, target.device, *report);
  } catch (const Problem&) {
    return "dnserr";
  }
  state.db().run("UPDATE update_tokens SET used = ? WHERE device = ?", state.now(), target.device);
  return (change ? "good " : "nochg ") + said;
}

bool is_fqdn(std::string_view host) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return host.find('.') != std::string_view::npos && !host.starts_with('.') && host.size() <= 253 &&
         host.find("..") == std::string_view::npos && std::all_of(host.begin(), host.end(), plain);
}

Response answer(State& state, const Call& call) {
  const auto* const agent = header(call.request.headers, "User-Agent");
  if (!agent || agent->find_first_not_of(' ') == std::string::npos) return lines(200, "badagent\n");
  try {
    limit(state, "dyndns2", call.source, wrong_passwords, 10 * minute);
  } catch (const Problem&) {
    return lines(200, "abuse\n");
  }
  auto target = authenticated(state, call);
  if (!target) {
    count_attempt(state, "dyndns2", call.source);
    return badauth();
  }
  const auto* const list = find(call.query, "hostname");
  const auto hosts = list ? split(lower(*list)) : std::vector<std::string>{};
  if (hosts.empty()) return lines(200, "notfqdn\n");
  if (hosts.size() > most_hosts) return lines(200, "numhost\n");
  std::string out;
  bool blocked = target->blocked_until > state.now();
  for (auto host : hosts) {
    if (host.ends_with('.')) host.pop_back();
    std::string word = "abuse";
    if (!blocked)
      // A token is for one name; any other is as unknown as one that does not exist.
      word = !is_fqdn(host)                     ? "notfqdn"
             : host != state.fqdn(target->name) ? "nohost"
                                                : update(state, call, *target);
    blocked = blocked || word == "abuse";
    out += word + '\n';
  }
  return lines(200, out);
}

}  // namespace

Reply get_nic_update(State& state, const Call& call) {
  try {
    return answer(state, call);
  } catch (const std::exception&) {
    return lines(200, "911\n");  // the store failed; the client waits and comes again
  }
}

}  // namespace refcloud
