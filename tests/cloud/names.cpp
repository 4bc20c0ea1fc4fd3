#include "tests/cloud/names.hpp"

#include <algorithm>

#include "tests/cloud/handlers.hpp"

namespace refcloud {
namespace {

// Names that visitors would take for the vendor's own, or that DNS and mail use themselves.
constexpr std::string_view reserved[] = {
    "account", "admin",    "administrator", "api",        "autoconfig", "autodiscover", "cloud",
    "dns",     "ftp",      "help",          "hostmaster", "imap",       "info",         "localhost",
    "login",   "mail",     "mta-sts",       "mx",         "nas",        "ns1",          "ns2",
    "ns3",     "official", "pop3",          "postmaster", "relay",      "root",         "security",
    "smtp",    "test",     "wpad",          "www",        "support",    "status",       "sso",
    "static",  "update",   "vendor",        "webmail",    "webmaster"};

// Digits that pass for letters: "adm1n", "supp0rt".
bool passes_for(char written, char meant) {
  switch (written) {
    case '0':
      return meant == 'o';
    case '1':
      return meant == 'i' || meant == 'l';
    case '3':
      return meant == 'e';
    case '4':
      return meant == 'a';
    case '5':
      return meant == 's';
    default:
      return false;
  }
}

bool is_reserved(std::string_view name) {
  const auto alike = [](char a, char b) { return a == b || passes_for(a, b); };
  return std::any_of(std::begin(reserved), std::end(reserved), [&](std::string_view word) {
    return std::equal(name.begin(), name.end(), word.begin(), word.end(), alike);
  });
}

}  // namespace

std::optional<std::string> name_fault(std::string_view name) {
  if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return "A name holds only the letters a to z, digits and dashes: letters of other alphabets can look the "
           "same and lead visitors to another NAS.";
  if (name.size() < 3 || name.size() > 32) return "A name has 3 to 32 characters.";
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (!std::all_of(name.begin(), name.end(), allowed))
    return "A name holds only the letters a to z, digits and dashes.";
  if (name.starts_with("xn--"))
    return "A name in the encoding of other alphabets (xn--) is refused: it can look like another NAS's "
           "name.";
  if (name.front() == '-' || name.back() == '-') return "A name neither begins nor ends with a dash.";
  if (name.find("--") != std::string_view::npos) return "A name has no two dashes in a row.";
  if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return "A name has at least one letter.";
  if (is_reserved(name)) return "This name is reserved, or looks like one that is.";
  return std::nullopt;
}

std::optional<std::string> set_name(State& state, const std::string& device_id,
                                    const std::optional<std::string>& wish) {
  auto name = wish ? std::optional(lower(*wish)) : std::nullopt;
  const auto old = name_of(state, device_id);
  if (name == old) return name;
  std::vector<std::string> fqdns;
  if (old) fqdns.push_back(state.fqdn(*old));
  if (name) {
    if (const auto fault = name_fault(*name)) throw Problem{422, "name-invalid", *fault};
    if (state.db().query("SELECT 1 FROM names WHERE name = ?", *name).next())
      throw Problem{409, "name-taken", "Another NAS has this name."};
    fqdns.push_back(state.fqdn(*name));
  }
  publish(state, fqdns, IfDnsFails::refuse, [&] {
    state.db().run("DELETE FROM names WHERE device = ?", device_id);
    // A token is for one name: whoever has it must not come to write to another one.
    state.db().run("DELETE FROM update_tokens WHERE device = ?", device_id);
    if (name) state.db().run("INSERT INTO names VALUES(?, ?, ?)", *name, device_id, state.now());
  });
  return name;
}

void rename_device(State& state, const std::string& device_id, const std::optional<std::string>& name) {
  const auto old = name_of(state, device_id);
  if (set_name(state, device_id, name) != old)
    add_event(state, device_id, name ? "name-changed" : "name-lost");
}

Reply put_name(State& state, const Call& call) {
  const auto body = parse_object(call.request.body);
  only_members(body, {"name"});
  const auto name = set_name(state, call.device->id, text_member(body, "name"));
  return json_response(200, json::object{{"name", *name}, {"fqdn", state.fqdn(*name)}});
}

Reply delete_name(State& state, const Call& call) {
  set_name(state, call.device->id, std::nullopt);
  return Response{204, {{"Cache-Control", "no-store"}}, {}};
}

}  // namespace refcloud
