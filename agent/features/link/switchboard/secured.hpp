// A visit whose TLS ends in the agent: its bytes are records, and the service, on loopback, is spoken to in
// the clear. The relay still sees only records.
#pragma once

#include "agent/features/link/switchboard/carry.hpp"
#include "agent/gate/tls_end.hpp"

namespace qcloud::link {

class Secured : public Carrier {
 public:
  // `scratch`: TlsEnd::record or more, used between waits only, so that all visits can share it. All outlive
  // it.
  Secured(TlsEnd& end, Visit& visit, LocalStream& service, std::string first, std::span<char> scratch)
      : Carrier(visit, service, std::move(first)), end_(end), scratch_(scratch) {}

  // The visitor has shaken hands. If he never does: he does not speak TLS, or left.
  bool under_way() const override { return was_secured_; }
  // What TLS still wants said, an alert perhaps; then the visit ends. False: he does not hear it.
  Task<bool> last_words();

 private:
  Turn inward() override;
  Turn outward() override;
  // Moves pending records to where they leave from; true: none is left.
  bool flush();

  TlsEnd& end_;
  std::span<char> scratch_;
  bool was_secured_ = false;
  bool ending_ = false;  // our close_notify is made
};

}  // namespace qcloud::link
