// Leads each visit to the service that it names, and carries bytes both ways until both are done.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "agent/core/nursery.hpp"
#include "agent/features/link/h2/visit.hpp"
#include "agent/features/link/policy.hpp"
#include "agent/features/link/switchboard/carry.hpp"
#include "agent/features/link/switchboard/services.hpp"
#include "agent/gate/local_dial.hpp"
#include "agent/gate/tls_end.hpp"

namespace qcloud::link {

// One line of the box's own log of visitors. It never leaves the box.
struct VisitRecord {
  WallTime began;
  std::string service, source;  // source: an address; its last part is removed after a day
  Millis stayed{0};
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::string outcome;  // "served", "not published", "service down", "left", "too many failures", "no TLS",
                        // "no certificate", "no room", "gave way"; "still here"
  bool faded = false;
};

class Switchboard {
 public:
  struct Deps {
    boost::asio::any_io_executor executor;
    Clock& clock;
    LocalDial& dial;
    const Budget& budget;
    std::function<bool()> full;  // a connection of the relay's has no stream left
    std::function<const Services&()> services;
    std::function<std::string()> fqdn;                 // this box's public name now
    std::function<std::unique_ptr<TlsEnd>()> tls_end;  // with the box's certificate; null: there is none
    std::function<void(VisitRecord)> record;
  };
  explicit Switchboard(Deps deps)
      : deps_(std::move(deps)), more_(deps_.executor), crowded_(deps_.executor), visits_(deps_.executor) {}

  void take(std::shared_ptr<Visit> visit);
  // Ends the visits whose name does not lead to their service any more: it is not published as it was, or
  // the box has another name.
  void review();
  // Those who were led to a service and have not ended: so far.
  std::vector<VisitRecord> there() const;
  // There is no room for another: those who do not go on give way.
  void make_room() { crowded_.notify(); }
  // Ends every visit; returns when none is left.
  Task<void> stop() { return visits_.stop(); }

 private:
  Task<void> serve(std::shared_ptr<Visit> visit);
  struct Led {  // a visit and where it was led
    std::shared_ptr<Visit> visit;
    Service service;
    Instant began;
    WallTime came;
    Instant moved;                     // it was found to have more bytes
    const Carrier* carrier = nullptr;  // once the way is open, until the end
    bool gave_way = false;
    std::uint64_t seen = 0;  // of its bytes, when it was looked at
  };
  VisitRecord record_of(const Led& led, std::string outcome) const;
  Task<std::string> lead(Led* led);
  Task<std::string> carry(Led* led, Carrier* carrier);
  Task<void> watch();
  Instant leave_the_stuck();
  bool find_room();
  bool admits(const std::string& source) const;

  Deps deps_;
  Doorkeeper door_;
  std::list<Led> led_;
  std::unique_ptr<char[]> scratch_;  // for visits whose TLS ends here; made with the first
  Signal more_, crowded_;            // a visit has begun; make_room()
  Instant looks_at_{};               // when watch() will, at the latest
  bool watching_ = false;
  Nursery visits_;
};

}  // namespace qcloud::link
