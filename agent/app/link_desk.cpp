#include "agent/app/link_desk.hpp"

#include <algorithm>

#include "agent/core/anonymize.hpp"
#include "agent/core/ip.hpp"

namespace qcloud {

namespace json = boost::json;

namespace {

constexpr std::size_t most_services = 32, most_visitors = 500;

const char* word(link::Tls tls) { return tls == link::Tls::here ? "here" : "through"; }

Error malformed(const char* what) { return {"request.malformed", Retry::give_up, what, ""}; }

Error too_many() {
  return {"link.too_many", Retry::wait_for_owner, "No more than 32 services can be published.",
          "Withdraw one with: qcloud link services remove NAME"};
}

}  // namespace

Result<link::Service> read_service(std::string name, const json::object& body) {
  link::Service service;
  service.name = std::move(name);
  auto* port = body.if_contains("port");
  if (!port || !port->is_int64() || port->get_int64() < 1 || port->get_int64() > 65535)
    return malformed("\"port\" is a number from 1 to 65535.");
  service.port = static_cast<std::uint16_t>(port->get_int64());
  if (auto* address = body.if_contains("address")) {
    if (!address->is_string()) return malformed("\"address\" is a text.");
    service.address = std::string(address->get_string());
    // As everybody else writes it: 0:0:0:0:0:0:0:1 is ::1.
    if (const auto ip = parse_ip(service.address)) service.address = to_string(*ip);
  }
  if (auto* tls = body.if_contains("tls")) {
    if (*tls != json::value("through") && *tls != json::value("here"))
      return malformed("\"tls\" is through or here.");
    service.tls = *tls == json::value("here") ? link::Tls::here : link::Tls::through;
  }
  for (auto [member, flag] :
       {std::pair{"proxy_protocol", &service.proxy_header}, std::pair{"admin_page", &service.admin_page}}) {
    auto* found = body.if_contains(member);
    if (!found) continue;
    if (!found->is_bool()) return malformed("\"proxy_protocol\" and \"admin_page\" are true or false.");
    *flag = found->get_bool();
  }
  if (auto fine = link::check(service); !fine) return std::move(fine).error();
  return service;
}

json::object to_json(const link::Service& service) {
  return {{"name", service.name},
          {"address", service.address},
          {"port", static_cast<int>(service.port)},
          {"tls", word(service.tls)},
          {"proxy_protocol", service.proxy_header},
          {"admin_page", service.admin_page}};
}

Status LinkDesk::load() {
  link::Services found;
  auto status =
      db_.run("SELECT name,address,port,tls,proxy_header,admin_page FROM link_services ORDER BY name", {},
              [&](const Row& row) {
                link::Service service;
                service.name = row.text(0);
                service.address = row.text(1);
                service.port = static_cast<std::uint16_t>(row.number(2));
                service.tls = row.text(3) == "here" ? link::Tls::here : link::Tls::through;
                service.proxy_header = row.number(4) != 0;
                service.admin_page = row.number(5) != 0;
                if (link::check(service) && !withdrawn_.contains(service.name))
                  found.push_back(std::move(service));
              });
  if (status) services.set(std::move(found));
  return status;
}

Status LinkDesk::publish(link::Service service) {
  if (auto fine = link::check(service); !fine) return fine;
  bool known = false;
  for (const auto& each : services.get()) known = known || each.name == service.name;
  if (!known && services.get().size() >= most_services) return too_many();
  auto status = write(service);
  if (status) withdrawn_.erase(service.name);
  return status ? load() : status;
}

Status LinkDesk::write(const link::Service& service) {
  return db_.run(
      "INSERT OR REPLACE INTO link_services(name,address,port,tls,proxy_header,admin_page) "
      "VALUES(?,?,?,?,?,?)",
      {service.name, service.address, static_cast<int>(service.port), word(service.tls), service.proxy_header,
       service.admin_page});
}

Status LinkDesk::replace(const link::Services& wanted) {
  if (wanted.size() > most_services) return too_many();
  std::set<std::string> names;
  for (const auto& service : wanted) {
    if (auto fine = link::check(service); !fine) return fine;
    if (!names.insert(service.name).second) return malformed("A service stands in the list twice.");
  }
  auto status = db_.transaction([&]() -> Status {
    if (auto gone = withdraw_all(); !gone) return gone;
    for (const auto& service : wanted)
      if (auto written = write(service); !written) return written;
    return {};
  });
  if (status) withdrawn_.clear();
  return status ? load() : status;
}

Status LinkDesk::withdraw(const std::string& name) {
  bool known = withdrawn_.contains(name);
  for (const auto& each : services.get()) known = known || each.name == name;
  if (!known)
    return Error{"link.no_service", Retry::wait_for_owner, "No service of this name is published.",
                 "See which are: qcloud link services list"};
  auto status = db_.run("DELETE FROM link_services WHERE name=?", {name});
  if (status) {
    withdrawn_.erase(name);
    return load();
  }
  withdrawn_.insert(name);
  if (auto read = load(); !read) return read;
  const auto& why = status.error();
  return Error{
      why.code, why.retry,
      why.detail +
          ". It is published no more, but that could not be written: after a restart it would be again.",
      "Make room on the volume of the agent's state, then remove it again."};
}

void LinkDesk::record(link::VisitRecord visit) {
  for (auto& older : visitors_) fade(older.visit, clock_.now() - older.ended);
  ++visits_;
  bytes_in_ += visit.bytes_in;
  bytes_out_ += visit.bytes_out;
  visitors_.push_back({std::move(visit), clock_.now()});
  if (visitors_.size() > most_visitors) visitors_.pop_front();
}

void LinkDesk::forget_visitors() {
  visitors_.clear();
  visits_ = bytes_in_ = bytes_out_ = 0;
}

// The calendar may have been put right meanwhile, and time that was slept through counts in it alone.
void LinkDesk::fade(link::VisitRecord& visit, Millis age) const {
  auto by_calendar = clock_.wall() - visit.began;
  bool recent = by_calendar < days(1) && by_calendar > -days(1) && age + visit.stayed < days(1);
  if (visit.faded || recent) return;
  visit.source = anonymize(visit.source);
  visit.faded = true;
}

std::vector<link::VisitRecord> LinkDesk::there() const {
  return visits_there ? visits_there() : std::vector<link::VisitRecord>();
}

json::array LinkDesk::services_json(const std::string& fqdn) const {
  json::array out;
  for (const auto& service : services.get()) {
    auto entry = to_json(service);
    auto host = service.name == "web" ? fqdn : service.name + "." + fqdn;
    entry["host"] = fqdn.empty() ? json::value(nullptr) : json::value(host);
    out.push_back(std::move(entry));
  }
  return out;
}

json::object LinkDesk::state_json() const {
  const auto here = there();  // before the figures are read, which it makes new
  json::array attached;
  for (const auto& each : state.get().attached) {
    auto since = clock_.wall() - (clock_.now() - each.since);
    attached.push_back({{"relay", each.relay.empty() ? each.remote : each.relay},
                        {"address", each.remote},
                        {"since", to_rfc3339(since)},
                        {"round_trip_ms", each.round_trip.count() < 0 ? json::value(nullptr)
                                                                      : json::value(each.round_trip.count())},
                        {"visits", each.visits}});
  }
  auto visits = visits_, bytes_in = bytes_in_, bytes_out = bytes_out_;
  for (const auto& visit : here) {
    ++visits;
    bytes_in += visit.bytes_in;
    bytes_out += visit.bytes_out;
  }
  return {{"attached", std::move(attached)},
          {"seen", state.get().seen.empty() ? json::value(nullptr) : json::value(state.get().seen)},
          {"visits", visits},
          {"bytes_in", bytes_in},
          {"bytes_out", bytes_out}};
}

json::array LinkDesk::visitors_json() {
  json::array out;
  auto tell = [&](link::VisitRecord& visit, Millis age) {
    fade(visit, age);
    out.push_back({{"time", to_rfc3339(visit.began)},
                   {"service", visit.service},
                   {"visitor", visit.source},
                   {"milliseconds", visit.stayed.count()},
                   {"bytes_in", visit.bytes_in},
                   {"bytes_out", visit.bytes_out},
                   {"outcome", visit.outcome}});
  };
  auto here = there();
  if (here.size() > most_visitors) here.erase(here.begin(), here.end() - most_visitors);
  for (auto visit = here.rbegin(); visit != here.rend(); ++visit) tell(*visit, Millis(0));
  for (auto past = visitors_.rbegin(); past != visitors_.rend(); ++past)
    tell(past->visit, clock_.now() - past->ended);
  return out;
}

}  // namespace qcloud
