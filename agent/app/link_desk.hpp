// What the owner set for the link, and what is told of it: the published services (in the state), the
// attachments of this moment, and the log of visitors (in memory: it never leaves the box).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <deque>
#include <set>

#include "agent/features/link/feature.hpp"

namespace qcloud {

// {"address"?, "port", "tls"?, "proxy_protocol"?, "admin_page"?}, as the local API and a backup have it.
// Errors: request.malformed, link.service_invalid.
Result<link::Service> read_service(std::string name, const boost::json::object& body);
boost::json::object to_json(const link::Service& service);

class LinkDesk {
 public:
  LinkDesk(Db& db, Clock& clock) : db_(db), clock_(clock) {}

  Status load();
  // Adds it, or replaces the one of that name. Errors: link.service_invalid, link.too_many, store.*.
  Status publish(link::Service service);
  // Error link.no_service. With store.* it is withdrawn all the same, until the agent starts again.
  Status withdraw(const std::string& name);
  // Makes the list this one. Error as above; then nothing is changed.
  Status replace(const link::Services& wanted);
  // Part of a transaction: nothing is published any more. load() after the commit makes it true in memory.
  Status withdraw_all() { return db_.run("DELETE FROM link_services", {}); }
  void record(link::VisitRecord visit);
  // They belong to the registration that ends.
  void forget_visitors();

  boost::json::array services_json(const std::string& fqdn) const;
  // With the visits that are there in what has come and gone so far.
  boost::json::object state_json() const;
  // The newest first; those who are there before all others.
  boost::json::array visitors_json();

  Fact<link::Services> services;
  Fact<link::State> state;
  std::function<std::vector<link::VisitRecord>()> visits_there;

 private:
  Status write(const link::Service& service);
  struct Past {
    link::VisitRecord visit;
    Instant ended;
  };
  // After a day, `age` or by the calendar, the last part of an address is gone.
  void fade(link::VisitRecord& visit, Millis age) const;
  std::vector<link::VisitRecord> there() const;
  Db& db_;
  Clock& clock_;
  std::set<std::string> withdrawn_;  // which could not be written
  std::deque<Past> visitors_;
  std::uint64_t visits_ = 0, bytes_in_ = 0, bytes_out_ = 0;
};

}  // namespace qcloud
