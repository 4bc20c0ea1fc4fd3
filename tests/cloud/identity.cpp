#include "tests/cloud/identity.hpp"

#include "tests/cloud/handlers.hpp"

namespace refcloud {
namespace {

PresentedCertificate presented(State& state, const Request& request) {
  if (!request.client_cert_der)
    throw Problem{401, "certificate-required", "This needs the client certificate of a registered NAS."};
  auto digest = sha256(*request.client_cert_der);
  if (const auto known = state.presented.find(digest); known != state.presented.end()) return known->second;
  const auto read = read_client_certificate(state.keys, *request.client_cert_der);
  if (!read)
    throw Problem{401, "certificate-required", "The client certificate was not issued by this cloud."};
  if (state.presented.size() > 100'000) state.presented.clear();
  state.presented.emplace(std::move(digest), *read);
  return *read;
}

// The first request with a key proves that its certificate arrived. Until then, after a renewal, the old key
// stays good: an answer lost on the way must not lock a NAS out.
void promote(State& state, const std::string& device, const std::string& jkt) {
  Transaction transaction(state.db());
  state.db().run("UPDATE keys SET state = 'superseded', since = ? WHERE device = ? AND state = 'active'",
                 state.now(), device);
  state.db().run("UPDATE keys SET state = 'active' WHERE jkt = ?", jkt);
  transaction.commit();
}

}  // namespace

std::optional<Problem> removed_problem(State& state, const std::string& jkt) {
  auto q = state.db().query(
      "SELECT r.jws FROM tombstones t JOIN receipts r ON r.id = t.receipt WHERE t.key_hash = ?",
      sha256_hex(jkt));
  if (!q.next()) return std::nullopt;
  return Problem{410,
                 "device-removed",
                 "This NAS is no longer registered; the receipt says what was deleted.",
                 false,
                 {{"receipt", q.text(0)}}};
}

Device device_by_key(State& state, const std::string& jkt) {
  auto q = state.db().query(
      "SELECT k.device, k.state, d.account, d.revoked FROM keys k JOIN devices d ON d.id = k.device WHERE "
      "k.jkt = ?",
      jkt);
  if (!q.next()) {
    if (auto removed = removed_problem(state, jkt)) throw *removed;
    throw Problem{401, "certificate-revoked", "The key of this certificate is not registered."};
  }
  Device device{q.text(0), q.text(2), jkt};
  if (!q.is_null(3))
    throw Problem{401, "certificate-revoked", "This NAS was revoked on " + rfc3339(q.integer(3)) + '.'};
  const auto key_state = q.text(1);
  if (key_state == "superseded") {
    // Only a copy of the NAS still has the old key: its owner should hear of it, once.
    if (state.db().run("UPDATE keys SET presented = ? WHERE jkt = ? AND presented IS NULL", state.now(),
                       jkt) == 1)
      add_event(state, device.id, "notice",
                "A key that this NAS no longer uses was presented. There may be a copy of it.");
    throw Problem{401, "key-superseded", "This key was replaced by a newer one."};
  }
  if (key_state == "pending") promote(state, device.id, jkt);
  return device;
}

Device authenticate(State& state, const Request& request, bool expired_ok) {
  const auto certificate = presented(state, request);
  auto device = device_by_key(state, certificate.jkt);
  device.not_after = certificate.not_after;
  if (!expired_ok && certificate.not_after < state.now())
    throw Problem{
        401, "certificate-expired",
        "The certificate expired on " + rfc3339(certificate.not_after) + "; renew it with simplereenroll."};
  return device;
}

}  // namespace refcloud
