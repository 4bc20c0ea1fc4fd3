#include "agent/features/doctor/words/catalog.hpp"

#include <algorithm>

namespace qcloud::doctor {

// In the order in which they are shown: from the box outwards.
std::span<const Entry> catalog() {
  using enum Severity;
  static constexpr Entry entries[] = {
      {"network_ok", "network", ok, "This box has a network: {interfaces}.", "", ""},
      {"no_route", "network", error, "This box has no route to the internet.",
       "No interface has both an address and a gateway.",
       "Check the network cable, the gateway setting and the router."},
      {"several_interfaces", "network", info, "This box has addresses on several interfaces: {interfaces}.",
       "More than one network port or a bridge is in use. The first one leads to the internet.", ""},
      {"vpn", "network", info, "The way to the internet leads through a VPN of this box.",
       "A VPN or PPP interface has the default route. The cloud sees the far end's address, not your "
       "router's.",
       ""},
      {"address_flapping", "network", warning,
       "Addresses or routes of this box changed {changes} times within the last ten minutes.",
       "An unsteady line, a loose cable, a router that hands out addresses again and again, or two of them "
       "that "
       "contradict each other.",
       "Look at the router's log, change the cable, and make sure that only one device in the network runs "
       "DHCP."},
      {"both_families", "families", ok, "The cloud answers over IPv4 and over IPv6.", "", ""},
      {"ipv4_only", "families", ok, "This network has IPv4 only. That is enough.", "", ""},
      {"ipv6_only", "families", info, "This network has IPv6 only, and the cloud answers over it.", "", ""},
      {"ipv6_only_nat64", "families", info,
       "This network has IPv6 only, and translates to IPv4 (NAT64, {prefix}).",
       "The provider has no IPv4 for this line. An IPv4 address that others see is the translator's, never "
       "yours.",
       ""},
      {"ipv6_only_no_nat64", "families", error,
       "This network has IPv6 only, the cloud was not reached over it, and nothing here translates to IPv4.",
       "The cloud has no IPv6 address for this region, and the provider offers no NAT64.",
       "Ask the internet provider for IPv4, for NAT64 with DNS64, or for DS-Lite."},
      {"ipv4_broken", "families", warning, "IPv6 leads to the cloud, IPv4 does not ({error}).",
       "There is an IPv4 route that leads nowhere.",
       "Check the IPv4 part of the router's internet connection."},
      {"ipv6_broken", "families", warning, "IPv4 leads to the cloud, IPv6 does not ({error}).",
       "There is an IPv6 route that leads nowhere: often a router that announces IPv6 without having it.",
       "Check the IPv6 part of the router's internet connection, or switch IPv6 off there."},
      {"one_family_untested", "families", info, "The cloud was reached; it has no {family} address to try.",
       "", ""},
      {"dns_ok", "dns", ok, "The cloud's name was looked up: {addresses}.", "", ""},
      {"dns_not_needed", "dns", skipped, "The cloud's name was not asked of the network: {why}.", "", ""},
      {"dns_no_answer", "dns", error, "The name server does not answer ({server}).",
       "The name server in this box's settings is wrong, down, or blocked by a firewall.",
       "Set another name server in the network settings: usually the router's address."},
      {"dns_no_name", "dns", error,
       "The name server {server} says that the cloud's name does not exist ({status}).",
       "A filter in the router or at the provider, or a name server that has no way to the internet itself.",
       "Allow the name {host} in the filter, or set another name server in the network settings."},
      {"dns_private_answer", "dns", error,
       "The name server {server} sends the cloud's name to an address that is not of the internet: "
       "{addresses}.",
       "A filter, a sign-in network, or a name server that lies.",
       "Allow the name {host} in the filter, or set another name server in the network settings."},
      {"dns_invents", "dns", warning,
       "The name server {server} answers for a name that cannot exist: {addresses}.",
       "The provider or a sign-in network answers every unknown name with an address of its own.",
       "Switch the provider's \"navigation help\" off, or set another name server."},
      {"proxy_none", "proxy", ok, "No web proxy is set.", "", ""},
      {"proxy_ok", "proxy", ok, "The web proxy {proxy} leads to the cloud.", "", ""},
      {"proxy_unreachable", "proxy", error, "The web proxy {proxy} cannot be reached.",
       "It is down, or its address in this box's settings is wrong.",
       "Correct it or switch it off: qcloud config set proxy.url, or the proxy in the NAS's network "
       "settings."},
      {"proxy_mute", "proxy", error, "The web proxy {proxy} takes connections, and then says nothing.",
       "It hangs, or it cannot reach the cloud itself.", "Restart the proxy, or ask whoever runs it."},
      {"proxy_auth", "proxy", error, "The web proxy {proxy} asks for a user name and a password (407).",
       "None is set, or they are wrong.",
       "Set them: qcloud config set proxy.url http://USER:PASSWORD@HOST:PORT"},
      {"proxy_refused", "proxy", error, "The web proxy {proxy} does not let this box through to the cloud.",
       "Its rules forbid the cloud's name, or connections to port 443.",
       "Ask whoever runs the proxy to allow {host}, port 443."},
      {"sign_in_none", "sign-in page", ok, "No sign-in page stands in the way.", "", ""},
      {"captive_portal", "sign-in page", error,
       "This network asks for a sign-in on a web page before it lets anything out{page}.",
       "A guest network, a hotel's, or a prepaid line.",
       "Sign in with a browser from this network, or connect the NAS to another network."},
      {"port80_intercepted", "sign-in page", info,
       "Something in this network answers plain web requests in the cloud's place. The "
       "cloud itself is reached.",
       "A transparent web proxy or a provider's filter.", ""},
      {"sign_in_unknown", "sign-in page", skipped,
       "Whether there is a sign-in page could not be seen: {why}.", "", ""},
      {"tls_ok", "tls", ok, "The cloud showed its own certificate, good until {until}.", "", ""},
      {"tls_ends_soon", "tls", warning, "The cloud's certificate ends on {until}.",
       "The vendor has not renewed it yet.", "Nothing to do here; tell the vendor if it stays so."},
      {"tls_intercepted", "tls", error,
       "Somebody else's certificate stands in the cloud's place, issued by {issuer}.",
       "A proxy, firewall or virus scanner that opens encrypted connections, or a name server that leads to "
       "a wrong host.",
       "Let whoever runs this network except {host} from inspection."},
      {"tls_expired", "tls", error,
       "The cloud's certificate is not valid at this time: it holds from {from} until {until}.",
       "The cloud's certificate has run out, or time is wrong on both ends.",
       "Check this box's date; if it is right, tell the vendor."},
      {"tls_failed", "tls", error, "No encrypted connection could be set up ({error}).",
       "A device in between that does not understand it, or that blocks it.",
       "Ask whoever runs this network whether connections to {host}, port 443, are changed or blocked."},
      {"path_ok", "path", ok, "The way to the cloud is good: {rtt} ms there and back.", "", ""},
      {"slow_path", "path", warning, "The way to the cloud is long: {rtt} ms there and back.",
       "A satellite line, a mobile network far away, or a line that is full.",
       "It works, but everything takes its time. If it is no satellite line, see what else fills the line."},
      {"packet_loss", "path", warning,
       "Packets are lost on the way to the cloud: {retransmits} had to be sent again.",
       "A weak radio link, a bad cable, or a line that is full.",
       "Use a cable instead of radio, change the cable, and see what else fills the line."},
      {"mtu_black_hole", "path", error, "Small packets reach the cloud, large ones vanish.",
       "A router on the way has a smaller packet size (MTU) and does not say so: often PPPoE or a tunnel "
       "with ICMP blocked.",
       "Set the MTU in the router or in this box's network settings to 1400, or lower until it works."},
      {"path_unknown", "path", skipped, "The way to the cloud could not be measured: {why}.", "", ""},
      {"cloud_ok", "cloud", ok, "The cloud answers.", "", ""},
      {"cloud_no_answer", "cloud", error, "The cloud does not answer at {addresses} ({error}).",
       "The cloud is down, or a firewall on the way lets nothing through to port 443.",
       "Allow outgoing connections to {host}, port 443; else wait, the agent goes on trying."},
      {"cloud_refuses", "cloud", error, "Connections to the cloud are refused.",
       "The cloud's service is being restarted, or a firewall refuses in its name.",
       "Wait a few minutes; then allow outgoing connections to {host}, port 443."},
      {"cloud_odd_answer", "cloud", error, "What answers does not speak like the cloud ({error}).",
       "A device in between, or the wrong address in cloud.url.",
       "Check cloud.url in the configuration file."},
      {"cloud_trouble", "cloud", warning, "The cloud has trouble of its own (status {status}).",
       "A fault at the vendor's.", "Nothing to do here; the agent goes on trying."},
      {"cloud_unknown", "cloud", skipped, "The cloud could not be asked: {why}.", "", ""},
      {"certificate_ok", "standing", ok, "The cloud knows this box and takes its certificate.", "", ""},
      {"not_registered", "standing", info, "This box is not registered.",
       "It never was, or it left its account.", "To register it: qcloud register"},
      {"certificate_refused", "standing", error,
       "The cloud does not take this box's certificate ({standing}).",
       "It was removed on the account's page, its certificate was revoked or has run out, or a copy of it is "
       "in use elsewhere.",
       "See what qcloud status says; if the box shall be bound again: qcloud unregister, then qcloud "
       "register."},
      {"standing_unknown", "standing", skipped, "How the cloud stands to this box could not be asked: {why}.",
       "", ""},
      {"clock_ok", "clock", ok, "The clock is right.", "", ""},
      {"clock_wrong", "clock", warning, "The clock of this box is off by {off}.",
       "No time server is set, or the clock's battery is empty.",
       "Set a time server in the NAS's time settings."},
      {"clock_unsynchronized", "clock", warning, "The clock of this box follows no time server.",
       "None is set or none answers. The cloud's time is used meanwhile.",
       "Set a time server in the NAS's time settings."},
      {"nat_none", "nat", ok, "This box has a public IPv4 address of its own: {address}.", "", ""},
      {"nat_one_router", "nat", info, "This box stands behind one router.",
       "The usual home network. From outside it is reached where the router forwards a port to it.", ""},
      {"nat_two_routers", "nat", warning,
       "This box stands behind two routers; the second is at {second_hop}.",
       "A router behind the provider's box that is a router too.",
       "Switch the provider's box to bridge mode, or forward the port on both."},
      {"nat_carrier", "nat", warning,
       "The provider shares one IPv4 address among many customers (CGNAT, {evidence}).",
       "The provider has too few IPv4 addresses.",
       "Ask the provider for a public IPv4 address, or use IPv6."},
      {"nat_no_ipv4", "nat", info, "This box has no IPv4 address that could be translated.", "", ""},
      {"name_ok", "name", ok, "The public name {name} leads to what the cloud published: {addresses}.", "",
       ""},
      {"name_wrong_here", "name", warning,
       "Seen from this network, {name} leads to {addresses}, and the cloud published {published}.",
       "A changed address that is still remembered on the way (it passes in minutes), or a name server with "
       "an answer of its own.",
       "Look again in ten minutes; then set another name server."},
      {"name_private_answer", "name", warning,
       "Seen from this network, {name} leads to an address of the local network: {addresses}.",
       "The router answers for the name itself (split DNS), or something in this network rewrites answers "
       "(DNS rebinding).",
       "If you did not set this up in your router, set another name server."},
      {"name_not_visible", "name", warning,
       "Seen from this network, {name} has no address ({status}); the cloud published {published}.",
       "It is fresh and the old answer is still remembered, or the name server here hides it.",
       "Look again in ten minutes; then set another name server."},
      {"name_unknown", "name", skipped, "The public name was not looked up: {why}.", "", ""},
      {"relay_off", "relay", skipped, "The link is switched off, so no relay holds this box.", "", ""},
      {"relay_unknown", "relay", skipped, "No relay holds this box: {why}.", "", ""},
      {"relay_ok", "relay", ok, "Relays hold this box: {relays}.", "", ""},
      {"relay_one_only", "relay", info, "One connection to a relay stands ({relays}), two are wanted.",
       "The other was lost a moment ago, or a relay is away. Visitors are served meanwhile.", ""},
      {"relay_no_service", "relay", warning, "Relays hold this box, and nothing is published.",
       "Visitors reach what you publish, and nothing is published by default.",
       "Publish a service, for example: qcloud link services add web 443"},
      {"relay_unreachable", "relay", error, "No relay holds this box: {reason}",
       "The relay is away, or something on the way lets this kind of connection not through: a firewall for "
       "its port, or a device that opens TLS.",
       "It is tried again by itself. If it lasts, let the relay's host and port (qcloud manifest link) "
       "pass."},
      {"orders_none", "orders", ok, "No erasure order is waiting.", "", ""},
      {"orders_pending", "orders", info, "Erasure orders wait for the cloud's receipt: {count}.",
       "The cloud has not confirmed yet; the agent keeps asking.", ""},
      {"orders_overdue", "orders", warning, "Erasure orders wait for more than a day: {count}. {problem}",
       "The cloud could not be reached, or did not confirm.", "See: qcloud receipts list"},
      {"state_ok", "state", ok, "The agent's state can be written.", "", ""},
      {"state_not_writable", "state", error, "The agent's state cannot be written: {reason}",
       "The volume is full, read-only or gone. No decision is kept while it lasts, and in the end nothing is "
       "sent.",
       "Make room on the volume, or repair it."},
      {"not_set_up", "state", warning, "This NAS is not set up yet: {reason}",
       "Until the first set-up has ended there is no volume that could keep a decision.",
       "Set the NAS up and make a storage volume."},
      {"disks_may_sleep", "disks", ok, "The agent keeps no disk awake.", "", ""},
  };
  return entries;
}

const Entry* find_entry(std::string_view code) {
  auto all = catalog();
  auto at = std::find_if(all.begin(), all.end(), [&](const Entry& entry) { return entry.code == code; });
  return at == all.end() ? nullptr : &*at;
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::ok:
      return "ok";
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
    case Severity::skipped:
      return "skipped";
  }
  return "";
}

namespace {

std::string fill(std::string_view text, const std::map<std::string, std::string>& evidence) {
  std::string out;
  while (!text.empty()) {
    auto open = text.find('{');
    auto close = text.find('}', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    out += text.substr(0, open);
    auto value = evidence.find(std::string(text.substr(open + 1, close - open - 1)));
    out += value == evidence.end() ? "unknown" : value->second;
    text.remove_prefix(close + 1);
  }
  return out.append(text);
}

}  // namespace

boost::json::object to_json(const Check& check) {
  const Entry* entry = find_entry(check.code);
  if (!entry) return {};
  boost::json::object evidence;
  for (const auto& [name, value] : check.evidence) evidence[name] = value;
  return {{"code", entry->code},
          {"area", entry->area},
          {"severity", to_string(entry->severity)},
          {"text", fill(entry->text, check.evidence)},
          {"cause", entry->cause},
          {"evidence", std::move(evidence)},
          {"fix", fill(entry->fix, check.evidence)}};
}

}  // namespace qcloud::doctor
