#include "agent/cloud/identity.hpp"

#include <boost/json/serialize.hpp>

#include "agent/gate/mint.hpp"
#include "agent/store/meta.hpp"

namespace qcloud {

namespace json = boost::json;

Identity::Identity(Db& db, std::string hardware) : db_(db), hardware_(std::move(hardware)) {}

Status Identity::load() {
  // A state that came back to its own box counts again.
  auto status = db_.transaction([&]() -> Status {
    auto home = [&](const char* slot) {
      return db_.text("SELECT hardware FROM identity WHERE slot=?", {slot});
    };
    auto current = home("current");
    // A box that cannot tell its hardware proves nothing either way.
    bool known = !hardware_.empty() && current && !current->empty();
    if (known && *current != hardware_) {
      if (auto gone = db_.run("DELETE FROM identity WHERE slot='aside'"); !gone) return gone;
      return db_.run("UPDATE identity SET slot='aside' WHERE slot='current'");
    }
    if (!current && home("aside") == hardware_)
      return db_.run("UPDATE identity SET slot='current' WHERE slot='aside'");
    return {};
  });
  if (!status) return status;
  set_aside.set(db_.number("SELECT count(*) FROM identity WHERE slot='aside'") > 0);

  std::optional<Registration> found;
  std::string key, certificate;
  status = db_.run(
      "SELECT device_id,account,key_pem,certificate_pem,registered,name,fqdn,zone,lost FROM identity WHERE "
      "slot='current'",
      {}, [&](const Row& row) {
        found.emplace();
        found->device_id = row.text(0);
        found->account = row.text(1);
        key = row.text(2);
        certificate = row.text(3);
        found->registered = from_unix(row.number(4));
        found->name = row.text(5);
        found->fqdn = row.text(6);
        found->zone = row.text(7);
        found->lost = row.text(8);
      });
  if (!status) return status;
  if (!found) {
    forget();
    return {};
  }
  auto loaded = DeviceKey::from_pem(Secret(std::move(key)));
  certificate_ = certificate_from_pem(certificate);
  if (!loaded || !certificate_ || !loaded->matches(certificate_.get())) {
    // Damaged: set aside like another box's. The agent runs, pending orders leave, the owner is asked.
    forget();
    status = db_.transaction([&]() -> Status {
      if (auto gone = db_.run("DELETE FROM identity WHERE slot='aside'"); !gone) return gone;
      return db_.run("UPDATE identity SET slot='aside', hardware='' WHERE slot='current'");
    });
    set_aside.set(true);
    return status;
  }
  key_ = *std::move(loaded);
  tls_ = std::make_shared<TlsIdentity>(key_->get(), certificate_.get());
  auto valid = validity(certificate_.get());
  found->certificate_from = from_unix(valid.from);
  found->certificate_until = from_unix(valid.until);
  found->thumbprint = key_->thumbprint();
  registration.set(std::move(found));
  return {};
}

Result<Value<DataClass::public_key>> Identity::begin() {
  auto key = DeviceKey::generate();
  if (!key) return std::move(key).error();
  pending_ = *std::move(key);
  return Mint::text<DataClass::public_key>(pending_->request());
}

Value<DataClass::public_key> Identity::renewal() const {
  return Mint::text<DataClass::public_key>(key_->request());
}

Status Identity::adopt(std::vector<Certificate> certificates, WallTime now, bool enrolling) {
  // A renewal while no registration is under way; a key that was begun and given up is not ours.
  const auto& key = enrolling ? pending_ : key_;
  X509* ours = nullptr;
  for (const auto& certificate : certificates)
    if (key && key->matches(certificate.get())) ours = certificate.get();
  if (!ours)
    return Error{"cloud.bad_answer", Retry::retry_later,
                 "The cloud answered with a certificate that is not this box's.", ""};
  std::string pem = to_pem(ours);
  Status status;
  if (enrolling) {
    status = db_.transaction([&]() -> Status {
      if (auto gone = db_.run("DELETE FROM identity WHERE slot IN ('current','aside')"); !gone) return gone;
      if (auto gone = forget_notes(db_); !gone) return gone;
      auto secret = pending_->pem();
      return db_.run(
          "INSERT INTO identity(slot,device_id,account,key_pem,certificate_pem,hardware,registered) "
          "VALUES('current',?,'',?,?,?,?)",
          {common_name(ours), secret.reveal(), pem, hardware_, unix_seconds(now)});
    });
  } else {
    status = db_.run("UPDATE identity SET certificate_pem=? WHERE slot='current'", {pem});
  }
  if (!status) return status;
  pending_.reset();
  return load();
}

Status Identity::fits(const std::string& name, const std::string& fqdn) const {
  const auto& known = registration.get();
  if (!known || known->zone.empty() || name.empty() || fqdn == name + "." + known->zone) return {};
  return Error{"cloud.bad_answer", Retry::retry_later,
               "The cloud's answer about this box's name does not fit together.", ""};
}

Status Identity::describe(const std::string& account, const std::string& name, const std::string& fqdn,
                          const std::string& zone) {
  if (!registration.get()) return {};
  auto next = *registration.get();
  next.account = account.empty() ? next.account : account;
  next.name = name;
  next.fqdn = fqdn;
  next.zone = zone.empty() ? next.zone : zone;
  next.lost.clear();
  return store(std::move(next));
}

Status Identity::lose_name() {
  if (!registration.get() || registration.get()->fqdn.empty()) return {};
  auto next = *registration.get();
  next.lost = next.fqdn;
  next.name.clear();
  next.fqdn.clear();
  return store(std::move(next));
}

Status Identity::store(Registration next) {
  if (next == *registration.get()) return {};
  auto status = db_.run("UPDATE identity SET account=?, name=?, fqdn=?, zone=?, lost=? WHERE slot='current'",
                        {next.account, next.name, next.fqdn, next.zone, next.lost});
  if (status) registration.set(std::move(next));
  return status;
}

std::optional<Identity::SignedOrder> Identity::sign_order(const std::string& id, const std::string& scope,
                                                          WallTime submitted) const {
  if (!key_ || !registration.get()) return std::nullopt;
  SignedOrder order;
  order.thumbprint = registration.get()->thumbprint;
  json::object header{{"alg", "ES256"}, {"typ", "erasure-request+jwt"}, {"kid", order.thumbprint}};
  json::object payload{{"subject_request_id", id},
                       {"subject_request_type", "erasure"},
                       {"device_id", registration.get()->device_id},
                       {"scope", json::array{json::value(scope)}},
                       {"submitted_time", to_rfc3339(submitted)}};
  order.request = key_->sign(json::serialize(header), json::serialize(payload));
  return order;
}

Status Identity::remove() { return db_.run("DELETE FROM identity"); }

void Identity::forget() {
  key_.reset();
  pending_.reset();
  certificate_.reset();
  tls_.reset();
  registration.set(std::nullopt);
  set_aside.set(db_.number("SELECT count(*) FROM identity WHERE slot='aside'") > 0);
}

}  // namespace qcloud
