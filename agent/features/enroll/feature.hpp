// Registration: the owner's commands, and the renewal that runs while any switch is on.
#pragma once

#include "agent/cloud/cloud_session.hpp"
#include "agent/cloud/riding.hpp"
#include "agent/core/log.hpp"
#include "agent/core/rng.hpp"
#include "agent/features/enroll/manifest.hpp"
#include "agent/features/enroll/wire.hpp"
#include "agent/gate/lanes.hpp"
#include "agent/health/health.hpp"
#include "platform/platform.hpp"

namespace qcloud::enroll {

// What the owner is shown while registering.
struct Progress {
  std::string state = "unregistered";  // starting, waiting, enrolling, registered, failed
  std::string user_code, verification_uri, verification_uri_complete;
  std::optional<Instant> expires_at;
  std::optional<Error> error;
  bool operator==(const Progress& other) const {
    return state == other.state && user_code == other.user_code && expires_at == other.expires_at;
  }
};

struct Deps {
  Clock& clock;
  Rng& rng;
  const DeviceFacts& facts;
  Identity& identity;
  CloudSession& session;
  HealthBoard& health;
  Fact<Progress>& progress;
  // Who hears what is changed on the account's page.
  struct Ears {
    Fact<Riding>& riding;            // the cloud's word that comes with the link
    std::function<bool()> others;    // somebody else asks the cloud for the name
    std::vector<FactBase*> changes;  // when that may be different
  } ears;
};

// The whole device flow, from the code to the certificate. Ends with `progress` registered or failed.
Task<void> register_box(Deps deps, Lanes<manifest> lanes);

// The public name. Errors: cloud.name-taken, cloud.name-invalid, net.*.
Task<Status> claim(Deps deps, Lanes<manifest> lanes, Value<DataClass::public_name> name);
Task<Status> release(Deps deps, Lanes<manifest> lanes);

// Who may look the box up (promise L2): asked, and said. Errors: identity.none, cloud.*, net.*.
Task<Result<Audience>> audience(Lanes<manifest> lanes);
Task<Result<Audience>> set_audience(Lanes<manifest> lanes, Value<DataClass::audience> who,
                                    Value<DataClass::invited_account> invited);
// What the box is called on the account's page.
Task<Status> correct_device_name(Lanes<manifest> lanes, Value<DataClass::device_name> name);

// Renews the certificate at half of its life, for ever; and asks for the name, and whether the registration
// still stands, at the start, when the link has a word of it and now and then, unless somebody else does.
// Ends only by cancellation.
Task<void> run(Deps deps, Lanes<manifest> lanes);

}  // namespace qcloud::enroll
