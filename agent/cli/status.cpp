#include "agent/cli/status.hpp"

#include "agent/cli/field.hpp"
#include "agent/cli/when.hpp"

#include <algorithm>

namespace qcloud::cli {
namespace {

constexpr std::size_t margin = 15;

std::string line(std::string_view name, std::string_view value) {
  return pad(name, margin) + std::string(value) + "\n";
}

std::string registration(const boost::json::object& status, const Look& look) {
  std::string state = text_at(status, "registration");
  const std::string account = text_at(status, "account");
  if (state == "registered") return paint(look, Tone::good, account.empty() ? "yes" : "to " + account);
  if (state == "waiting") return "waiting for you to allow it on the account's page";
  if (state == "enrolling") return "allowed, fetching the certificate";
  if (state == "revoked")
    return paint(look, Tone::bad, "no longer: the cloud revoked this NAS's certificate");
  if (state == "removed") return paint(look, Tone::bad, "no longer: removed on the account's page");
  if (state == "set_aside")
    return paint(look, Tone::bad, "set aside: this identity was made on other hardware");
  if (state == "unregistered" || !flag_at(status, "registered")) return "no (to register: qcloud register)";
  return state;
}

std::string reach(const boost::json::object& status, const Look& look) {
  const std::string how = text_at(status, "reach"), why = text_at(status, "reason");
  std::string out = how == "direct"  ? paint(look, Tone::good, "directly")
                    : how == "relay" ? paint(look, Tone::good, "through the relay")
                                     : "no";
  if (!why.empty())
    out += ": " + wrap(why,
                       margin + width(how == "direct"  ? "directly: "
                                      : how == "relay" ? "through the relay: "
                                                       : "no: "),
                       look.columns);
  return out;
}

std::string condition(const boost::json::object& what, std::size_t indent, const Look& look) {
  const std::string severity = text_at(what, "severity"), fix = text_at(what, "fix");
  const Tone tone = severity == "error" ? Tone::bad : severity == "warning" ? Tone::warning : Tone::faint;
  const std::string head = pad(severity, 7) + "  ";
  std::string text = text_at(what, "text");
  if (const auto code = text_at(what, "code"); !code.empty()) text += " [" + code + "]";
  std::string out = std::string(indent, ' ') + paint(look, tone, pad(severity, 7)) + "  " +
                    wrap(text, indent + width(head), look.columns) + "\n";
  if (!fix.empty())
    out += std::string(indent + width(head), ' ') +
           "fix: " + wrap(fix, indent + width(head) + 5, look.columns) + "\n";
  return out;
}

std::string features(const boost::json::object& status, const Look& look) {
  const auto& list = list_at(status, "features");
  if (list.empty()) return {};
  std::size_t wide = 4, wide_title = 0;
  for (const auto& item : list) {
    wide = std::max(wide, width(text_at(object_of(item), "name")));
    wide_title = std::max(wide_title, width(text_at(object_of(item), "title")));
  }
  std::string out = "\n" + paint(look, Tone::strong, "Features") + "\n";
  for (const auto& item : list) {
    const auto& feature = object_of(item);
    const bool on = flag_at(feature, "on"), has_switch = find(feature, "on") != nullptr;
    const auto& health = list_at(feature, "health");
    out += "  " + pad(text_at(feature, "name"), wide) + "  " +
           pad(!has_switch ? "-"
               : on        ? "on"
                           : "off",
               3) +
           "  " + pad(text_at(feature, "title"), wide_title) + "  ";
    out += !health.empty() ? "" : on ? paint(look, Tone::good, "well") : "";
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
    for (const auto& what : health) out += condition(object_of(what), wide + 9, look);
  }
  return out;
}

/// Conditions of the box itself; those of a listed feature stand with the feature.
std::string box_health(const boost::json::object& status, const Look& look) {
  const auto& list = list_at(status, "features");
  std::string out;
  for (const auto& item : list_at(status, "health")) {
    const std::string feature = text_at(object_of(item), "feature");
    const bool shown = !feature.empty() && std::any_of(list.begin(), list.end(), [&](const auto& other) {
      return text_at(object_of(other), "name") == feature && !list_at(object_of(other), "health").empty();
    });
    if (!shown) out += condition(object_of(item), 2, look);
  }
  return out.empty() ? out : "\n" + paint(look, Tone::strong, "Attention") + "\n" + out;
}

}  // namespace

std::string status_text(const boost::json::object& status, const Look& look) {
  std::string out = line("Registered", registration(status, look));
  const std::string name = text_at(status, "name"), contact = raw_at(status, "last_contact");
  out += line("Name", name.empty() ? "none" : name);
  out += line("Reachable", reach(status, look));
  if (flag_at(status, "offline"))
    out +=
        line("Remote access", paint(look, Tone::warning, "off (qcloud offline); back with: qcloud online"));
  out += line("Last contact", contact.empty() ? "never" : moment(contact, look.now));
  const auto pending = number_at(status, "orders_pending");
  out +=
      line("Pending", pending == 0 ? "nothing" : paint(look, Tone::warning, count(pending, "erasure order")));
  for (const auto& item : list_at(status, "orders")) {
    const auto& order = object_of(item);
    const auto* scope = find(order, "scope");
    std::string text = text_at(order, "id") + "  ";
    text += scope && scope->is_array() ? joined(scope->get_array()) : text_at(order, "scope");
    if (const auto at = parse_rfc3339(raw_at(order, "submitted")))
      text += ", filed " + relative(*at, look.now);
    if (const auto at = parse_rfc3339(raw_at(order, "next_try")))
      text += *at > look.now ? ", next try " + relative(*at, look.now) : ", next try now";
    out += line("", text);
  }
  if (find(status, "disks_may_sleep"))
    out += line("Disks",
                flag_at(status, "disks_may_sleep") ? "may sleep" : paint(look, Tone::warning, "kept awake"));
  out += line("Agent", "version " + text_at(status, "version"));
  return out + features(status, look) + box_health(status, look);
}

bool has_error(const boost::json::object& status) {
  const auto bad = [](const boost::json::array& health) {
    return std::any_of(health.begin(), health.end(),
                       [](const auto& what) { return text_at(object_of(what), "severity") == "error"; });
  };
  const auto& list = list_at(status, "features");
  return bad(list_at(status, "health")) || std::any_of(list.begin(), list.end(), [&](const auto& feature) {
           return bad(list_at(object_of(feature), "health"));
         });
}

std::string order_text(const boost::json::object& order, const Look& look) {
  const std::string id = text_at(order, "id"), scope = joined(list_at(order, "scope"));
  const std::string what = scope.empty() ? "Its data in the cloud: " : "Data in the cloud (" + scope + "): ";
  if (text_at(order, "status") == "erased")
    return what + paint(look, Tone::good, "erased") + " (order " + id +
           ").\nThe receipt: qcloud receipts show " + id + "\n";
  return what + paint(look, Tone::warning, "order filed") + " (order " + id +
         ").\nThe cloud has not confirmed yet. The agent keeps asking until it does; qcloud status shows "
         "it.\n";
}

}  // namespace qcloud::cli
