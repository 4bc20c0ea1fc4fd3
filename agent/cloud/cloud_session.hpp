// The cloud as this box sees it: when it last spoke, what is in the way, how it stands to us, and
// what its clock says. Filled by the gate with every exchange; read by status and by the features.
#pragma once

#include <optional>

#include "agent/cloud/identity.hpp"
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
  // `floor`: a time that has certainly passed, from the state or the build.
  CloudSession(Clock& clock, const Identity& identity, WallTime floor);

  std::shared_ptr<const TlsIdentity> identity() const override { return identity_.tls(); }
  void observe(const Result<HttpResponse>& outcome, bool with_certificate) override;

  Fact<Contact> contact;

  // Local time, corrected by what a verified answer said since start. The box's clock is never set.
  WallTime now() const { return clock_.wall() + contact.get().clock_error; }
  WallTime floor() const { return floor_; }
  // A new registration begins with a clean slate.
  void reset_standing();

 private:
  Clock& clock_;
  const Identity& identity_;
  WallTime floor_;
};

}  // namespace qcloud
