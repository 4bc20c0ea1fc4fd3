// The cloud as this box sees it: when it last spoke, what is in the way, how it stands to us, and
// what its clock says. Filled by the gate with every exchange; read by status and by the features.
#pragma once

#include <functional>
#include <optional>

#include "agent/cloud/identity.hpp"
#include "agent/cloud/trusted_time.hpp"
#include "agent/gate/session.hpp"

namespace qcloud {

// What the cloud says about this box.
enum class Standing { good, revoked, removed, expired, superseded };

struct Contact {
  std::optional<WallTime> last_contact;
  std::optional<Error> trouble;  // of the newest exchange, if it failed
  std::optional<WallTime> trouble_since;
  Standing standing = Standing::good;
  std::string removal_receipt;  // of a removal on the account's page, unverified
  Millis clock_error{0};        // cloud's time minus ours, when the difference matters
  bool operator==(const Contact& other) const;
};

class CloudSession : public Session {
 public:
  // `floor`: a time that has certainly passed, from the state or the build. `synchronized`: does NTP
  // keep the box's calendar at this moment? Without it: no.
  CloudSession(Clock& clock, const Identity& identity, WallTime floor,
               std::function<bool()> synchronized = nullptr);

  std::shared_ptr<const TlsIdentity> identity() const override { return identity_.tls(); }
  void observe(const Result<HttpResponse>& outcome, bool with_certificate) override;

  Fact<Contact> contact;

  // The time that everything here is decided by: trusted_time.hpp.
  WallTime now() const;
  WallTime passed() const { return time_.passed(clock_.now()); }
  bool certain() const { return time_.certain(); }
  WallTime floor() const { return time_.floor(); }
  // A new registration begins with a clean slate.
  void reset_standing();

 private:
  TrustedTime::Clocks clocks() const;
  Clock& clock_;
  const Identity& identity_;
  std::function<bool()> synchronized_;
  TrustedTime time_;
};

}  // namespace qcloud
