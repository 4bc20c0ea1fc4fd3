#include "agent/features/link/switchboard/services.hpp"

#include <algorithm>

#include "agent/core/ip.hpp"

namespace qcloud::link {

Status check(const Service& service) {
  auto bad = [](std::string detail, std::string fix) {
    return Error{"link.service_invalid", Retry::wait_for_owner, std::move(detail), std::move(fix)};
  };
  const auto& name = service.name;
  bool label = !name.empty() && name.size() <= 32 && name.front() != '-' && name.back() != '-' &&
               std::all_of(name.begin(), name.end(), [](char c) {
                 return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
               });
  if (!label)
    return bad("A service's name is 1 to 32 of a-z, 0-9 and -.", "Choose one such as web, files or ssh.");
  const auto address = parse_ip(service.address);
  bool loopback = address && (address->v6 ? service.address == "::1" : address->bytes[0] == 127);
  if (!loopback)
    return bad("A service must listen on this box itself, and \"" + service.address +
                   "\" is no address of its loopback.",
               "Give an address such as 127.0.0.1.");
  if (service.port == 0) return bad("A service needs a port.", "Give one from 1 to 65535.");
  return {};
}

const Service* find_service(const Services& services, std::string_view fqdn, std::string_view host) {
  if (fqdn.empty() || !host.ends_with(fqdn)) return nullptr;
  auto label = host.substr(0, host.size() - fqdn.size());
  if (label.empty())
    label = "web";
  else if (label.size() < 2 || !label.ends_with('.'))
    return nullptr;
  else
    label.remove_suffix(1);
  auto at = std::find_if(services.begin(), services.end(), [&](const Service& s) { return s.name == label; });
  return at == services.end() ? nullptr : &*at;
}

}  // namespace qcloud::link
