#include "agent/cli/settings.hpp"

#include "agent/cli/field.hpp"

#include <algorithm>
#include <set>

namespace qcloud::cli {
namespace {

std::string whose(const boost::json::object& setting, const std::string& path) {
  const auto origin = raw_at(setting, "origin");
  if (origin == "owner") return "set by you";
  if (origin == "file") return "from " + path;
  if (origin == "system") return "from this NAS's own settings";
  return "default";
}

bool named(const boost::json::array& services, const std::string& name) {
  return std::any_of(services.begin(), services.end(),
                     [&](const auto& item) { return text_at(object_of(item), "name") == name; });
}

// Enough to say what would be published; the agent looks closer.
bool services_well_formed(const boost::json::array& services) {
  std::set<std::string> names;
  return std::all_of(services.begin(), services.end(), [&](const auto& item) {
    const auto* port = find(object_of(item), "port");
    const auto name = raw_at(object_of(item), "name");
    return !name.empty() && names.insert(name).second && port && port->is_int64();
  });
}

std::string value_text(const boost::json::value* value) {
  return !value || value->is_null() ? "not set" : words(*value);
}

}  // namespace

std::string service_text(const boost::json::object& service) {
  const auto address = text_at(service, "address");
  return (address.empty() ? "127.0.0.1" : address) + " port " + std::to_string(number_at(service, "port")) +
         (text_at(service, "tls") == "here" ? ", TLS ends in the agent" : ", TLS of its own") +
         (flag_at(service, "proxy_protocol") ? ", told the visitor's address" : "") +
         (flag_at(service, "admin_page") ? ", an administration page" : "");
}

std::string settings_text(const boost::json::object& settings, const Look& look) {
  const auto path = text_at(object_at(settings, "file"), "path");
  std::string out;
  for (const auto& item : list_at(settings, "settings")) {
    const auto& setting = object_of(item);
    const auto value = text_at(setting, "value");
    out += paint(look, Tone::strong, text_at(setting, "key")) + " = " + (value.empty() ? "(none)" : value) +
           "  (" + whose(setting, path) + ")\n  " + wrap(text_at(setting, "text"), 2, look.columns) + "\n";
  }
  const auto& values = object_at(object_at(settings, "file"), "values");
  if (!values.empty()) out += "\nThe configuration file " + path + " says:\n";
  for (const auto& member : values) out += "  " + plain(member.key()) + " = " + words(member.value()) + "\n";
  return out;
}

std::vector<std::string> restore_changes(const boost::json::object& now, const boost::json::object& wanted) {
  std::vector<std::string> out;
  for (const auto& member : object_at(wanted, "settings")) {
    const auto* current = object_at(now, "settings").if_contains(member.key());
    if (current && *current == member.value()) continue;
    out.push_back(plain(member.key()) + ": " + value_text(current) + " -> " + value_text(&member.value()));
  }
  if (const auto* services = find(wanted, "services"); services && services->is_array()) {
    const auto& published = list_at(now, "services");
    for (const auto& item : services->get_array())
      if (std::find(published.begin(), published.end(), item) == published.end())
        out.push_back("published: " + text_at(object_of(item), "name") + ", " +
                      service_text(object_of(item)));
    for (const auto& item : published)
      if (!named(services->get_array(), text_at(object_of(item), "name")))
        out.push_back("no longer published: " + text_at(object_of(item), "name"));
  }
  for (const auto& member : object_at(wanted, "switches")) {
    const auto* current = object_at(now, "switches").if_contains(member.key());
    if (current && *current == member.value()) continue;
    const bool on = member.value().is_bool() && member.value().get_bool();
    out.push_back(plain(member.key()) + ": is switched " +
                  (on ? "on" : "off, and its data in the cloud erased"));
  }
  return out;
}

bool well_formed(const boost::json::object& backup) {
  const auto* settings = find(backup, "settings");
  const auto* switches = find(backup, "switches");
  const auto* services = find(backup, "services");
  if (!settings || !switches || !settings->is_object() || !switches->is_object()) return false;
  if (services && !(services->is_array() && services_well_formed(services->get_array()))) return false;
  const auto& texts = settings->get_object();
  const auto& flags = switches->get_object();
  return std::all_of(
             texts.begin(), texts.end(),
             [](const auto& member) { return member.value().is_null() || member.value().is_string(); }) &&
         std::all_of(flags.begin(), flags.end(), [](const auto& member) { return member.value().is_bool(); });
}

std::string audience_consequence(std::string_view audience, const Look& look) {
  if (audience == "everyone")
    return wrap(
               "Everyone: this NAS's addresses stand in the public DNS. Whoever knows its name finds it, "
               "without "
               "signing in.",
               0, look.columns) +
           "\n";
  if (audience == "invited")
    return wrap(
               "Invited accounts: this NAS's addresses are taken out of the public DNS at once. You and the "
               "accounts "
               "that you invite find it through the vendor's lookup, signed in; the bare name leads nowhere.",
               0, look.columns) +
           "\n";
  if (audience == "owner")
    return wrap(
               "Only you: this NAS's addresses are taken out of the public DNS at once. You find it through "
               "the "
               "vendor's lookup, signed in; the bare name leads nowhere.",
               0, look.columns) +
           "\n";
  return "";
}

std::string audience_text(const boost::json::object& audience, const Look& look) {
  const auto who = raw_at(audience, "audience");
  std::string out = audience_consequence(who, look);
  const auto& invited = list_at(audience, "invited");
  out += invited.empty() ? "Nobody is invited.\n" : "Invited: " + joined(invited) + ".\n";
  if (who != "invited" && !invited.empty())
    out += wrap("Invitations count once you say: qcloud audience invited", 0, look.columns) + "\n";
  return out;
}

}  // namespace qcloud::cli
