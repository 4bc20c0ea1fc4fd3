#include "agent/features/doctor/wire.hpp"

namespace qcloud::doctor {

Out reach() { return Compose<manifest, "reach">().done(); }
Out look() { return Compose<manifest, "look">().done(); }
Out sign_in() { return Compose<manifest, "sign_in">().done(); }
Out own_name(const PublicName& name) { return Compose<manifest, "own_name">().set<"name">(name).done(); }
Out no_such_name() { return Compose<manifest, "no_such_name">().done(); }
Out nat64() { return Compose<manifest, "nat64">().done(); }
Out path_probe() { return Compose<manifest, "path_probe">().done(); }

namespace {

// What is looked up goes to a stranger's name server: nothing but a host name may.
bool host_name(const std::string& text) {
  if (text.empty() || text.size() > 253) return false;
  for (char c : text)
    if (!(std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.')) return false;
  return true;
}

}  // namespace

std::optional<Told> parse_look(const Answer& answer) {
  if (!answer.ok()) return std::nullopt;
  Told told;
  told.seen = parse_ip(string_member(answer.json, "seen"));
  auto fqdn = string_member(answer.json, "fqdn");
  if (host_name(fqdn)) {
    told.fqdn = fqdn;
    told.name = answer.echo<DataClass::public_name>("fqdn");
  }
  auto* published = answer.json.if_contains("published");
  if (!published || !published->is_object()) return told;
  for (const char* family : {"a", "aaaa"}) {
    auto* list = published->as_object().if_contains(family);
    if (!list || !list->is_array()) continue;
    for (const auto& entry : list->as_array())
      if (auto address = entry.is_string() ? parse_ip(std::string(entry.as_string())) : std::nullopt)
        told.published.push_back(*address);
  }
  return told;
}

}  // namespace qcloud::doctor
