#include "agent/cli/manifest.hpp"

#include "agent/cli/field.hpp"

namespace qcloud::cli {
namespace {

constexpr std::size_t margin = 16;

std::string line(std::string_view name, const std::string& value, const Look& look) {
  return value.empty() ? "" : "  " + pad(name, margin - 2) + wrap(value, margin, look.columns) + "\n";
}

/// Prose or a list, whichever the manifest uses for its open members.
std::string prose(const boost::json::object& from, std::string_view key) {
  const auto* value = find(from, key);
  return value && value->is_array() ? joined(value->get_array()) : text_at(from, key);
}

std::string host(const boost::json::object& host, const Look& look) {
  std::string text = text_at(host, "host");
  if (const auto role = text_at(host, "role"); !role.empty()) text += " (" + role + ")";
  if (const auto place = text_at(host, "location"); !place.empty()) text += ", in " + place;
  if (const auto who = text_at(host, "operator"); !who.empty()) text += ", run by " + who;
  if (const auto to = prose(host, "recipients"); !to.empty())
    text += to == "none" ? "; passed on to nobody" : "; passed on to " + to;
  return line("Goes to", text, look);
}

std::string message(const boost::json::object& message, const Look& look) {
  std::string what = text_at(message, "name");
  if (const auto why = text_at(message, "purpose"); !why.empty()) what += ": " + why;
  std::string fields;
  for (const auto& item : list_at(message, "fields")) {
    const auto& field = object_of(item);
    if (!fields.empty()) fields += ", ";
    fields += text_at(field, "name");
    if (const auto kind = text_at(field, "class"); !kind.empty()) fields += " (" + kind + ")";
  }
  return line("May send", what, look) + std::string(margin, ' ') +
         wrap(fields.empty() ? "no fields" : fields, margin, look.columns) + "\n";
}

std::string switch_words(const boost::json::object& feature) {
  if (!flag_at(feature, "switch"))
    return "none: works only when you command it, or when another switch needs it";
  return flag_at(feature, "default_on") ? "on unless you switch it off" : "off until you switch it on";
}

bool holds_nothing(const std::string& text) {
  return text.empty() || text == "nothing" || text == "none" || text == "-";
}

}  // namespace

std::string manifest_text(const boost::json::object& answer, const Look& look) {
  std::string out;
  for (const auto& item : list_at(answer, "features")) {
    const auto& feature = object_of(item);
    if (!out.empty()) out += '\n';
    out += paint(look, Tone::strong, text_at(feature, "name"));
    if (const auto title = text_at(feature, "title"); !title.empty()) out += "  " + title;
    out += '\n';
    out += line("Purpose", text_at(feature, "purpose"), look);
    out += line("Legal basis", text_at(feature, "legal_basis"), look);
    out += line("Switch", switch_words(feature), look);
    out += line("Switched on", text_at(feature, "consequence_on"), look);
    out += line("Switched off", text_at(feature, "consequence_off"), look);
    for (const auto& where : list_at(feature, "hosts")) out += host(object_of(where), look);
    for (const auto& what : list_at(feature, "messages")) out += message(object_of(what), look);
    out += line("Cloud holds", prose(feature, "cloud_holds"), look);
    out += line("Kept for", prose(feature, "retention"), look);
  }
  return out.empty() ? "No feature may send anything.\n" : out;
}

std::string holds_text(const boost::json::object& answer, std::string_view only, const Look& look) {
  std::string out;
  for (const auto& item : list_at(answer, "features")) {
    const auto& feature = object_of(item);
    const std::string name = text_at(feature, "name"), held = prose(feature, "cloud_holds");
    if ((only.empty() || name == only) && !holds_nothing(held))
      out += "  " + pad(name, 12) + wrap(held, 14, look.columns) + "\n";
  }
  return out;
}

std::string consequence_text(const boost::json::object& answer, std::string_view feature, bool on,
                             const Look& look) {
  for (const auto& item : list_at(answer, "features")) {
    const auto& one = object_of(item);
    const std::string text = text_at(one, on ? "consequence_on" : "consequence_off");
    if (raw_at(one, "name") == feature && !text.empty()) return wrap(text, 0, look.columns) + "\n";
  }
  return {};
}

}  // namespace qcloud::cli
