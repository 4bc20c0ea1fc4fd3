// Every condition that an owner can be shown, with its words. English now; the codes and parameters
// are what a translation hangs on. docs/status.md lists the same codes; a test compares them.
#include "agent/health/health.hpp"

namespace qcloud {
namespace {

constexpr CatalogEntry catalog[] = {
    // The box and its registration
    {"not_registered", Severity::info, "This box is not registered with the cloud.",
     "Register it with: qcloud register"},
    {"not_set_up", Severity::warning, "This NAS is not set up yet: {reason}",
     "Set it up and make a storage volume; until then it can neither be registered nor switched on."},
    {"identity_set_aside", Severity::error,
     "The stored registration was made on other hardware. It was set aside, and nothing is sent with it.",
     "To use this box: qcloud register (that also destroys the stored registration here). To only destroy "
     "it: "
     "qcloud unregister. What the cloud stores of it is erased on the account's page."},
    {"certificate_revoked", Severity::error, "The cloud has revoked this box's certificate.",
     "If you did not ask for that, look at your account's page. Then: qcloud unregister, and qcloud "
     "register"},
    {"device_removed", Severity::error,
     "This box was removed on its account's page ({when}). Its registration and name are gone, everything is "
     "switched off, and the cloud's receipt is kept.",
     "To use it again: qcloud register. The receipt: qcloud receipts list. To take this message down: qcloud "
     "unregister"},
    {"removal_unproved", Severity::error,
     "The cloud says that this box was removed on the account's page, but gave no receipt that proves it. "
     "The "
     "box is quiet, and keeps its registration.",
     "To leave: qcloud unregister. To use it again: qcloud register"},
    {"key_superseded", Severity::error, "Another copy of this box's state is in use elsewhere.",
     "If you restored a backup here: qcloud unregister, and qcloud register"},
    {"certificate_expired", Severity::warning,
     "This box's certificate has run out on {until}; it is being renewed.", ""},
    {"renewal_failing", Severity::warning, "The certificate could not be renewed yet: {reason}", ""},
    {"name_lost", Severity::error, "The name {name} was taken away from this box on the account's page.",
     "Claim a name with: qcloud ddns claim NAME"},
    {"name_changed", Severity::info, "The name was changed elsewhere from {from} to {to}.", ""},

    // The way to the cloud
    {"no_network", Severity::error, "This box has no route to the internet.",
     "Check the network cable, the gateway and the router."},
    {"dns_failing", Severity::error, "Names cannot be looked up: {reason}",
     "Check the DNS server in this box's network settings."},
    {"cloud_unreachable", Severity::error, "The cloud cannot be reached: {reason}",
     "Nothing on this box is lost; it tries again by itself. If the internet works otherwise, the cloud may "
     "be down."},
    {"cloud_untrusted", Severity::error, "Something answers in the cloud's place: {reason}",
     "A proxy or sign-in page in this network may open secure connections. Ask whoever runs the network."},
    {"cloud_certificate_time", Severity::error, "The cloud's certificate is not valid at this time: {reason}",
     "Check this box's date. If it is right, the vendor must renew the certificate; it is tried again by "
     "itself."},
    {"proxy_failing", Severity::error, "The web proxy does not let this box through: {reason}",
     "Set it with: qcloud config set proxy.url http://USER:PASSWORD@HOST:PORT, or go without: qcloud config "
     "set "
     "proxy.url none"},
    {"clock_wrong", Severity::warning, "This box's clock is off by {off}.",
     "Set the date, or switch on time synchronization (NTP)."},

    // Remote access by name
    {"ddns_no_name", Severity::warning, "No name is claimed yet, so this box cannot be found by name.",
     "Claim one with: qcloud ddns claim NAME"},
    {"ddns_no_public_address", Severity::warning, "This box has no address that the internet can reach.",
     "Check the router's internet connection."},
    {"ddns_behind_router", Severity::info, "This box stands behind a router, whose address is {public}.",
     "To be reached without the link, forward a port on the router to {local}."},
    {"ddns_carrier_nat", Severity::warning,
     "The internet provider shares one address among many customers (CGNAT, {evidence}); this box cannot be "
     "reached at {public}.",
     "Ask the provider for an address of your own, or for IPv6."},
    {"ddns_double_nat", Severity::warning,
     "There are two routers in a row: behind yours stands another at {evidence}. Forwarding a port on one of "
     "them is not enough.",
     "Switch one of the two routers to bridge mode, or forward the port on both."},
    {"ddns_sources_differ", Severity::warning,
     "This box's own address is {local}, but the cloud sees it come from {seen}. Until they agree, nothing "
     "new is published.",
     "Check whether a VPN or proxy carries this box's traffic."},
    {"ddns_behind_vpn", Severity::warning,
     "This box's traffic leaves through a tunnel, and the cloud sees its far end ({seen}). Nobody reaches "
     "the box "
     "there, so no IPv4 address is published.",
     "Let the cloud's host go past the VPN, or switch the VPN off."},
    {"ddns_unstable", Severity::warning,
     "The address that the cloud sees changes with each look ({seen}); waiting until it holds.",
     "Check whether the router uses two internet connections at once."},

    {"waits_for_erasure", Severity::warning,
     "It is switched on, and begins when the cloud has confirmed what you had erased of it.",
     "It is asked again by itself. Which orders wait: qcloud receipts list"},

    // The link
    {"link_no_relay", Severity::error, "No connection to the relay: {reason}",
     "It is tried again by itself. If it lasts: qcloud doctor"},
    {"link_no_network", Severity::info, "The relay is dialed as soon as this box has a network.", ""},
    {"link_connecting", Severity::info, "The connection to the relay is being made.", ""},
    {"link_no_name", Severity::warning, "No name is claimed yet, so visitors cannot find this box.",
     "Claim one with: qcloud ddns claim NAME"},
    {"link_no_service", Severity::warning, "Nothing is published, so visitors find nothing behind the name.",
     "Publish a service, for example: qcloud link services add web 443"},

    // Rights over data
    {"order_pending", Severity::info, "An erasure order is waiting to be confirmed by the cloud ({scope}).",
     ""},
    {"order_overdue", Severity::warning, "An erasure order is waiting since {since}: {reason}",
     "It is tried again by itself, for as long as it takes."},
    {"receipt_refused", Severity::error,
     "The cloud answered an erasure order with a receipt that does not hold: {reason}",
     "The order stays open. If this lasts, ask the vendor (see qcloud manifest)."},

    // The agent itself
    {"feature_failed", Severity::error, "The feature stopped by a fault and is started again: {reason}", ""},
    {"state_damaged", Severity::error,
     "The agent's state was damaged. It was kept as {file}, and this box began anew, without a registration.",
     "Register it with: qcloud register. Then remove the old entry on the account's page. To only take this "
     "message down: qcloud unregister"},
    {"state_not_writable", Severity::error, "The agent's state cannot be written: {reason}",
     "Free some space, or make the folder writable."},
};

}  // namespace

const CatalogEntry* find_in_catalog(std::string_view code) {
  for (const auto& entry : catalog)
    if (entry.code == code) return &entry;
  return nullptr;
}

std::vector<const CatalogEntry*> whole_catalog() {
  std::vector<const CatalogEntry*> all;
  for (const auto& entry : catalog) all.push_back(&entry);
  return all;
}

}  // namespace qcloud
