// A visit whose TLS ends in the agent: its bytes are records, and the service, on loopback, is spoken to in
// the clear. The relay still sees only records.
#pragma once

#include <span>

#include "agent/core/clock.hpp"
#include "agent/features/link/h2/visit.hpp"
#include "agent/gate/local_dial.hpp"
#include "agent/gate/tls_end.hpp"

namespace qcloud::link {

class Secured {
 public:
  // `scratch`: TlsEnd::record or more, used between waits only, so that all visits can share it. All outlive
  // it.
  Secured(TlsEnd& end, Visit& visit, LocalStream& service, Clock& clock, std::span<char> scratch)
      : end_(end), visit_(visit), service_(service), clock_(clock), scratch_(scratch) {}

  // False: the visitor does not speak TLS, or left. What he said after it may be at the service already.
  Task<bool> shake_hands();
  // Until both directions have ended; false: one failed.
  Task<bool> carry();
  // What TLS still wants said, an alert perhaps.
  Task<bool> flush();

 private:
  enum class Pumped : std::uint8_t { more, ended, failed };
  Task<Pumped> pump();
  Task<bool> inward();
  Task<bool> outward();
  // Puts pending records where they leave from.
  void move_pending(std::span<char> place);

  TlsEnd& end_;
  Visit& visit_;
  LocalStream& service_;
  Clock& clock_;
  std::span<char> scratch_;
};

}  // namespace qcloud::link
