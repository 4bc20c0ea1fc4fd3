// Who this box is to the cloud: one key, one certificate, bound to one account, kept in the state
// beside the hardware id of the box they were made on. A state that was copied to other hardware
// (backup, migration) is set aside, and the owner is asked (promise R1).
#pragma once

#include <optional>
#include <string>

#include "agent/cloud/device_key.hpp"
#include "agent/core/clock.hpp"
#include "agent/core/fact.hpp"
#include "agent/gate/value.hpp"
#include "agent/net/tls_identity.hpp"
#include "agent/store/db.hpp"

namespace qcloud {

struct Registration {
  std::string device_id;
  std::string account;  // as the cloud calls it; shown, never sent
  std::string thumbprint;
  std::string name;  // empty: none claimed
  std::string fqdn;
  std::string zone;
  std::string lost;  // the name in full that was taken away elsewhere, while there is no new one
  WallTime certificate_from, certificate_until;
  WallTime registered;
  bool operator==(const Registration&) const = default;
};

class Identity {
 public:
  // `hardware`: a digest of what cannot be copied with the disks; platform/ makes it.
  Identity(Db& db, std::string hardware);

  // Reads the state; a damaged identity is set aside. Errors: store.*.
  Status load();

  Fact<std::optional<Registration>> registration;
  Fact<bool> set_aside;

  std::shared_ptr<const TlsIdentity> tls() const { return tls_; }

  // A fresh key, kept in memory until adopt(); its certificate request to send.
  Result<Value<DataClass::public_key>> begin();
  // The same key again, for a renewal.
  Value<DataClass::public_key> renewal() const;
  // `enrolling`: the certificate of the key that begin() made; else a newer one of the current key.
  // Enrolling ends what was before: an identity set aside is destroyed, notes of the past are taken down.
  // Errors: cloud.bad_answer (none of them is ours), store.*.
  Status adopt(std::vector<Certificate> certificates, WallTime now, bool enrolling = true);
  // Whether the name in full is this name and this registration's zone; anything else is not the cloud's
  // word. Errors: cloud.bad_answer.
  Status fits(const std::string& name, const std::string& fqdn) const;
  // What the cloud says of us; an empty account or zone leaves what is known.
  Status describe(const std::string& account, const std::string& name, const std::string& fqdn,
                  const std::string& zone);
  // The name is gone, and not by this box's owner: remembered until there is a new one, or it is let go.
  Status lose_name();

  // An order of the owner, signed: compact JWS, ES256, RFC 7515.
  struct SignedOrder {
    std::string request;
    std::string thumbprint;
  };
  std::optional<SignedOrder> sign_order(const std::string& id, const std::string& scope,
                                        WallTime submitted) const;

  // Within the caller's transaction: the registration ends. Nothing of the key is kept: the order is
  // signed already. forget() after the commit makes it true in memory.
  Status remove();
  void forget();

 private:
  Status store(Registration next);
  Db& db_;
  std::string hardware_;
  std::optional<DeviceKey> key_, pending_;
  Certificate certificate_;
  std::shared_ptr<const TlsIdentity> tls_;
};

}  // namespace qcloud
