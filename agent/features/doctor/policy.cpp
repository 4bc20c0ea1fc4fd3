#include "agent/features/doctor/policy.hpp"

#include <algorithm>

#include "agent/features/doctor/words/phrases.hpp"

namespace qcloud::doctor {
namespace {

using Evidence = std::map<std::string, std::string>;

constexpr int many_changes = 4;  // more than a cable that is plugged in and out once
constexpr Millis long_way{400};  // a satellite's way up and down takes 500 ms, any cable's less than 350
constexpr int many_lost = 2;     // one segment is lost now and then on good lines, too
constexpr auto soon = days(7);

// Nothing on the internet has such an address; 0.0.0.0 and :: are what filters answer.
bool private_address(const std::string& text) {
  auto address = parse_ip(text);
  if (!address) return false;
  bool zero = std::all_of(address->bytes.begin(), address->bytes.end(), [](auto byte) { return byte == 0; });
  return zero || reach_of(*address) == Reach::local;
}
bool any_private(const std::vector<std::string>& addresses) {
  return std::any_of(addresses.begin(), addresses.end(), private_address);
}

class Judge {
 public:
  explicit Judge(const Observed& seen) : seen_(seen) {
    for (const auto* one : {&seen_.v4, &seen_.v6, &seen_.again, &seen_.look})
      if (*one) tries_.push_back(&**one);
    for (const Try* one : tries_)
      if (one->answered()) answered_ = one;
    if (!tries_.empty()) first_ = answered_ ? answered_ : worst();
    captive_ = !answered_ && seen_.page && stranger(seen_.page->status);
  }

  std::vector<Check> all() {
    network();
    if (seen_.way_out) {
      families();
      dns();
      proxy();
      page();
      certificate();
      path();
      cloud();
    }
    standing();
    clock();
    if (seen_.way_out) {
      nat();
      name();
    }
    relay();
    orders();
    state();
    return std::move(out_);
  }

 private:
  void say(std::string code, Evidence evidence = {}) {
    out_.push_back({std::move(code), std::move(evidence)});
  }
  bool said(std::string_view code) const {
    return std::any_of(out_.begin(), out_.end(), [&](const Check& check) { return check.code == code; });
  }
  // The first cause, as the reason why something further out was not looked at.
  std::string why() const {
    for (const auto& check : out_) {
      const Entry* entry = find_entry(check.code);
      if (entry && entry->severity == Severity::error) return "see " + check.code;
    }
    return "the cloud was not reached";
  }
  bool blocked() const { return why() != "the cloud was not reached"; }

  // Of several failures the one that came furthest says most.
  const Try* worst() const {
    auto depth = [](const Try* one) {
      return one->trace.tls.count() >= 0       ? 3
             : one->trace.connect.count() >= 0 ? 2
             : one->trace.addresses.empty()    ? 0
                                               : 1;
    };
    return *std::max_element(tries_.begin(), tries_.end(),
                             [&](const Try* a, const Try* b) { return depth(a) < depth(b); });
  }
  bool any_error(std::string_view code) const {
    return std::any_of(tries_.begin(), tries_.end(), [&](const Try* one) { return one->error == code; });
  }
  bool failed(std::string_view code) const { return !answered_ && any_error(code); }
  std::string proxy_used() const {
    for (const Try* one : tries_)
      if (!one->trace.proxy.empty()) return one->trace.proxy;
    return "";
  }
  std::string interfaces(bool routed) const {
    std::vector<std::string> names;
    for (const auto& local : seen_.locals)
      if ((!routed || local.routed) && std::find(names.begin(), names.end(), local.interface) == names.end())
        names.push_back(local.interface);
    return joined(names);
  }

  // RFC 6585 section 6: 511 is the one status that says so itself.
  static bool stranger(int status) {
    return status / 100 == 3 || status == 200 || status == 401 || status == 403 || status == 511;
  }

  void network() {
    Evidence evidence{{"interfaces", interfaces(false)},
                      {"ipv4_route", seen_.route4 ? "yes" : "no"},
                      {"ipv6_route", seen_.route6 ? "yes" : "no"}};
    if (!seen_.way_out) return say("no_route", evidence);
    say("network_ok", evidence);
    if (interfaces(false).find(',') != std::string::npos)
      say("several_interfaces", {{"interfaces", interfaces(false)}, {"routed", interfaces(true)}});
    if (seen_.tunnel) say("vpn", {{"interfaces", interfaces(true)}});
    if (seen_.changes >= many_changes) say("address_flapping", {{"changes", std::to_string(seen_.changes)}});
  }

  void families() {
    if (!proxy_used().empty()) return;
    if (!seen_.route6) return say("ipv4_only");
    bool translated = seen_.nat64 && !seen_.nat64->addresses.empty();
    if (!seen_.route4 && translated)
      return say("ipv6_only_nat64", {{"prefix", joined(seen_.nat64->addresses)}});
    if (!seen_.route4 && answered_) return say("ipv6_only");
    if (!seen_.route4) {
      // Only where IPv6 itself is what the cloud lacks; a name server that is silent is another matter.
      bool lacks = seen_.v6 &&
                   (seen_.v6->trace.dns_status == DnsStatus::no_data || seen_.v6->error == "net.no_network" ||
                    (seen_.v6->error == "net.unreachable" && seen_.v6->trace.addresses.empty()));
      if (lacks) say("ipv6_only_no_nat64", {{"answer", in_words(seen_.v6->trace.dns_status)}});
      return;
    }
    if (!seen_.v4 || !seen_.v6 || !answered_) return;
    auto untested = [](const Try& one) { return !one.answered() && one.trace.addresses.empty(); };
    if (seen_.v4->answered() && seen_.v6->answered()) return say("both_families");
    bool six = !seen_.v6->answered();
    const Try& dead = six ? *seen_.v6 : *seen_.v4;
    if (untested(dead)) return say("one_family_untested", {{"family", six ? "IPv6" : "IPv4"}});
    say(six ? "ipv6_broken" : "ipv4_broken",
        {{"error", dead.error}, {"address", joined(dead.trace.addresses)}});
  }

  void dns() {
    if (!first_) return say("dns_not_needed", {{"why", why()}});
    const Trace& trace = first_->trace;
    std::string server = trace.resolver.empty() ? "unknown" : trace.resolver;
    Evidence evidence{{"server", server}, {"host", seen_.host}, {"addresses", joined(trace.addresses)}};
    // A sign-in page has its own name server, which is no second fault.
    if (seen_.no_such_name && !seen_.no_such_name->addresses.empty() && !captive_)
      say("dns_invents",
          {{"server", seen_.no_such_name->server}, {"addresses", joined(seen_.no_such_name->addresses)}});
    if (!proxy_used().empty()) return say("dns_not_needed", {{"why", "the web proxy looks names up"}});
    evidence["status"] = in_words(trace.dns_status);
    if (trace.dns.count() >= 0) evidence["ms"] = std::to_string(trace.dns.count());
    switch (trace.dns_status) {
      case DnsStatus::unknown:
        if (first_->error == "net.dns_failed") return say("dns_no_answer", evidence);
        return say("dns_not_needed", {{"why", "its address is known to this box"}});
      case DnsStatus::no_answer:
        return say("dns_no_answer", evidence);
      case DnsStatus::no_data:
        if (said("ipv6_only_no_nat64")) return say("dns_ok", evidence);
        return say("dns_no_name", evidence);
      case DnsStatus::no_name:
      case DnsStatus::refused:
        return say("dns_no_name", evidence);
      case DnsStatus::ok:
        // An address that leads to the cloud's own certificate is no lie.
        if (!answered_ && !captive_ && any_private(trace.addresses))
          return say("dns_private_answer", evidence);
        return say("dns_ok", evidence);
    }
  }

  void proxy() {
    if (proxy_used().empty()) return say("proxy_none");
    Evidence evidence{{"proxy", proxy_used()}, {"host", seen_.host}};
    for (const char* kind : {"unreachable", "auth", "refused"})
      if (failed(std::string("net.proxy_") + kind)) return say(std::string("proxy_") + kind, evidence);
    if (failed("net.timeout") && connected()) return say("proxy_mute", evidence);
    say("proxy_ok", evidence);
  }

  void page() {
    if (!proxy_used().empty()) return say("sign_in_unknown", {{"why", "this box uses a web proxy"}});
    if (!seen_.page || seen_.page->status == 0)
      return say("sign_in_unknown", {{"why", "nothing answers plain web requests"}});
    int status = seen_.page->status;
    if (status == 204) return say("sign_in_none");
    Evidence evidence{{"status", std::to_string(status)}, {"page", ""}};
    if (!seen_.page->location.empty()) evidence["page"] = ": " + seen_.page->location;
    if (!stranger(status))
      return say("sign_in_unknown", {{"why", "the answer was status " + std::to_string(status)}});
    say(answered_ ? "port80_intercepted" : "captive_portal", evidence);
  }

  // Does what was found already explain why no connection to the cloud stands?
  void unknown(const char* code) { say(code, {{"why", why()}}); }

  void certificate() {
    if (!first_) return;
    const Trace& trace = first_->trace;
    auto date = [](const std::optional<WallTime>& time) {
      return time ? to_rfc3339(*time) : std::string("unknown");
    };
    Evidence evidence{{"host", seen_.host},
                      {"issuer", trace.peer_issuer.empty() ? "unknown" : trace.peer_issuer},
                      {"subject", trace.peer_subject},
                      {"from", date(trace.peer_from)},
                      {"until", date(trace.peer_until)},
                      {"error", first_->detail}};
    if (answered_) {
      evidence.erase("error");
      bool ends = trace.peer_until && *trace.peer_until < seen_.now + soon;
      return say(ends ? "tls_ends_soon" : "tls_ok", evidence);
    }
    if (blocked()) return;
    if (failed("net.tls_untrusted")) return say("tls_intercepted", evidence);
    if (failed("net.tls_time")) return say("tls_expired", evidence);
    if (failed("net.tls_failed") || (failed("net.reset") && connected())) return say("tls_failed", evidence);
  }

  bool connected() const { return first_ && first_->trace.connect.count() >= 0; }

  int retransmits() const {
    int sum = 0;
    for (const Try* one : tries_) sum += std::max(0, one->trace.retransmits);
    return sum;
  }

  // TCP stands, and then the first large flight does not arrive: the cloud's certificate, or ours. Where
  // small packets are lost as well, it is no question of size.
  bool large_ones_vanish() const {
    auto stuck = [](const Try& one) {
      return one.error == "net.timeout" && one.trace.connect.count() >= 0 && one.trace.tls.count() < 0;
    };
    if (answered_)
      return seen_.look && seen_.look->error == "net.timeout" && seen_.look->trace.connect.count() >= 0 &&
             retransmits() == std::max(0, seen_.look->trace.retransmits);
    bool small_ones_pass = seen_.page && seen_.page->status != 0 && seen_.page->retransmits <= 0;
    bool any = std::any_of(tries_.begin(), tries_.end(), [&](const Try* one) { return stuck(*one); });
    return any && (small_ones_pass || retransmits() < many_lost);
  }

  void path() {
    Millis rtt{-1};
    for (const Try* one : tries_)
      if (one->trace.rtt.count() >= 0 && (rtt.count() < 0 || one->trace.rtt < rtt)) rtt = one->trace.rtt;
    Evidence evidence{{"rtt", std::to_string(rtt.count())}, {"retransmits", std::to_string(retransmits())}};
    if (!blocked() && large_ones_vanish()) return say("mtu_black_hole", evidence);
    if (rtt.count() < 0) return unknown("path_unknown");
    if (retransmits() >= many_lost) say("packet_loss", evidence);
    if (rtt >= long_way) say("slow_path", evidence);
    if (retransmits() < many_lost && rtt < long_way) say("path_ok", evidence);
  }

  void cloud() {
    if (answered_) {
      if (answered_->status >= 500)
        return say("cloud_trouble", {{"status", std::to_string(answered_->status)}});
      return say("cloud_ok", {{"host", seen_.host}});
    }
    if (blocked() || !first_) return unknown("cloud_unknown");
    Evidence evidence{
        {"host", seen_.host}, {"addresses", joined(first_->trace.addresses)}, {"error", first_->detail}};
    if (failed("net.refused")) return say("cloud_refuses", evidence);
    if (failed("net.bad_answer") || failed("cloud.bad_answer")) return say("cloud_odd_answer", evidence);
    say("cloud_no_answer", evidence);
  }

  void standing() {
    if (!seen_.registered) return say("not_registered");
    if (seen_.standing != "good") return say("certificate_refused", {{"standing", seen_.standing}});
    if (seen_.look && seen_.look->answered() && seen_.look->status < 300) return say("certificate_ok");
    if (seen_.look && seen_.look->answered())
      return say("standing_unknown",
                 {{"why", "the cloud answered with status " + std::to_string(seen_.look->status)}});
    unknown("standing_unknown");
  }

  void clock() {
    Evidence evidence{{"synchronized", seen_.clock_synchronized ? "yes" : "no"}};
    if (seen_.clock_error != Millis(0)) {
      evidence["off"] = in_words(seen_.clock_error);
      return say("clock_wrong", evidence);
    }
    say(seen_.clock_synchronized ? "clock_ok" : "clock_unsynchronized", evidence);
  }

  void nat() {
    const Local* own = nullptr;
    const Local* shared = nullptr;
    bool any = false;
    for (const auto& local : seen_.locals) {
      if (local.address.v6 || !local.routed) continue;
      any = true;
      if (!own && reach_of(local.address) == Reach::global) own = &local;
      if (!shared && reach_of(local.address) == Reach::shared) shared = &local;
    }
    if (own) return say("nat_none", {{"address", to_string(own->address)}});
    if (!any) return say("nat_no_ipv4");
    auto hop = seen_.second_hop;
    if (shared) return say("nat_carrier", {{"evidence", to_string(shared->address)}});
    if (hop && reach_of(*hop) == Reach::shared) return say("nat_carrier", {{"evidence", to_string(*hop)}});
    if (hop && reach_of(*hop) == Reach::local)
      return say("nat_two_routers", {{"second_hop", to_string(*hop)}});
    say("nat_one_router", {{"second_hop", hop ? to_string(*hop) : "none seen"}});
  }

  void name() {
    if (!seen_.name) {
      bool reached = seen_.look && seen_.look->answered();
      return say("name_unknown", {{"why", !seen_.registered       ? "this box is not registered"
                                          : !proxy_used().empty() ? "this box uses a web proxy"
                                          : reached               ? "nothing is published under one"
                                                                  : why()}});
    }
    const OwnName& name = *seen_.name;
    const auto& addresses = name.answer.addresses;
    std::vector<std::string> published;
    published.reserve(name.published.size());
    for (const auto& one : name.published) published.push_back(to_string(one));
    Evidence evidence{{"name", name.fqdn},
                      {"addresses", joined(addresses)},
                      {"published", joined(published)},
                      {"status", in_words(name.answer.status)},
                      {"server", name.answer.server}};
    if (addresses.empty()) return say("name_not_visible", evidence);
    if (any_private(addresses)) return say("name_private_answer", evidence);
    bool ours = std::all_of(addresses.begin(), addresses.end(), [&](const std::string& text) {
      auto address = parse_ip(text);
      return address &&
             std::find(name.published.begin(), name.published.end(), *address) != name.published.end();
    });
    say(ours ? "name_ok" : "name_wrong_here", evidence);
  }

  // What keeps this box from the relays as well as from the cloud: not what is wrong with the cloud itself.
  std::string of_this_side() const {
    for (const char* code :
         {"no_route", "ipv6_only_no_nat64", "dns_no_answer", "proxy_unreachable", "proxy_auth",
          "proxy_refused", "proxy_mute", "captive_portal", "mtu_black_hole", "certificate_refused"})
      if (said(code)) return std::string("see ") + code;
    return "";
  }

  void relay() {
    const Link& link = seen_.link;
    if (!link.on) return say("relay_off");
    Evidence evidence{{"relays", joined(link.relays)}, {"seen", link.seen}};
    if (link.relays.empty()) {
      std::string why_not = !seen_.registered ? "this box is not registered" : of_this_side();
      if (why_not.empty()) why_not = link.waits;
      if (why_not.empty() && link.trouble.empty()) why_not = "the link does not run";
      if (!why_not.empty()) return say("relay_unknown", {{"why", why_not}});
      return say("relay_unreachable", {{"reason", link.trouble}});
    }
    if (link.services == 0) say("relay_no_service", evidence);
    say(link.relays.size() == 1 ? "relay_one_only" : "relay_ok", evidence);
  }

  void orders() {
    auto count = std::to_string(seen_.orders);
    if (seen_.orders == 0) return say("orders_none");
    if (seen_.orders_overdue)
      return say("orders_overdue", {{"count", count}, {"problem", seen_.orders_problem}});
    say("orders_pending", {{"count", count}});
  }

  void state() {
    if (!seen_.not_set_up.empty()) say("not_set_up", {{"reason", seen_.not_set_up}});
    if (seen_.state_trouble.empty())
      say("state_ok");
    else
      say("state_not_writable", {{"reason", seen_.state_trouble}});
    say("disks_may_sleep");
  }

  const Observed& seen_;
  std::vector<const Try*> tries_;
  const Try* answered_ = nullptr;  // a try that the cloud itself answered
  const Try* first_ = nullptr;     // the try that says most
  bool captive_ = false;           // a sign-in page, and no way past it
  std::vector<Check> out_;
};

}  // namespace

std::vector<Check> judge(const Observed& seen) { return Judge(seen).all(); }

}  // namespace qcloud::doctor
