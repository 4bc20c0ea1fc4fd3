// Enrollment over Secure Transport (RFC 7030, with RFC 8951's clarifications): base64 bodies, unwrapped in
// answers and either way in requests; answers are PKCS#7 certs-only.
#include "tests/cloud/credentials.hpp"
#include "tests/cloud/handlers.hpp"

namespace refcloud {
namespace {

Response pkcs7(const std::string& der) {
  return {200,
          {{"Content-Type", "application/pkcs7-mime; smime-type=certs-only"},
           {"Content-Transfer-Encoding", "base64"}},
          base64(der)};
}

std::string requested_point(const Call& call) {
  const auto der = unbase64(call.request.body);
  const auto point = der ? csr_point(*der) : std::nullopt;
  if (!point)
    throw Problem{400, "csr-invalid",
                  "The body must be a base64 PKCS#10 request for a P-256 key, signed by that key."};
  return *point;
}

std::string issue(State& state, const std::string& device, const std::string& point) {
  const auto issued = issue_device_certificate(state.keys, state.rng, point, device, state.now(),
                                               state.settings.certificate_lifetime);
  state.db().run("DELETE FROM certificates WHERE device = ? AND not_after < ?", device, state.now());
  state.db().run("INSERT INTO certificates VALUES(?, ?, ?, ?)", issued.serial, device, issued.not_before,
                 issued.not_after);
  return certs_only(state.keys, issued.der);
}

Problem unauthorized() {
  return {401,
          "access-token-required",
          "simpleenroll takes an unused access token as Basic password.",
          false,
          {},
          {{"WWW-Authenticate", "Basic realm=\"est\""}}};
}

}  // namespace

Reply get_cacerts(State& state, const Call&) { return pkcs7(certs_only(state.keys, std::nullopt)); }

Reply post_simpleenroll(State& state, const Call& call) {
  const auto given = basic_credentials(call.request);
  if (!given) throw unauthorized();
  const auto hash = sha256_hex(given->password);  // the user name is not looked at
  auto q = state.db().query(
      "SELECT account, model, device_name, serial_tail FROM access_tokens WHERE token_hash = ? AND expires > "
      "?",
      hash, state.now());
  if (!q.next()) throw unauthorized();
  const auto point = requested_point(call);
  const auto jkt = jwk_thumbprint(point);
  // One key, one device: a copied box must not enroll beside its original.
  if (state.db().query("SELECT 1 FROM keys WHERE jkt = ?", jkt).next())
    throw Problem{409, "key-in-use", "This key is registered already; make a new one."};

  const auto device = random_uuid(state.rng);
  Transaction transaction(state.db());
  state.db().run(
      "INSERT INTO devices(id, account, model, device_name, serial_tail, registered) VALUES(?, ?, ?, ?, ?, "
      "?)",
      device, q.text(0), q.text(1), q.text(2), q.text(3), state.now());
  state.db().run("INSERT INTO keys(jkt, device, point, state, since) VALUES(?, ?, ?, 'pending', ?)", jkt,
                 device, base64url(point), state.now());
  const auto bundle = issue(state, device, point);
  state.db().run("DELETE FROM access_tokens WHERE token_hash = ?", hash);
  transaction.commit();
  ++state.stats.enrollments;
  return pkcs7(bundle);
}

Reply post_simplereenroll(State& state, const Call& call) {
  const auto& device = *call.device;
  const auto point = requested_point(call);
  const auto jkt = jwk_thumbprint(point);
  Transaction transaction(state.db());
  if (jkt != device.jkt) {
    auto known = state.db().query("SELECT device, state FROM keys WHERE jkt = ?", jkt);
    if (known.next() && (known.text(0) != device.id || known.text(1) != "pending"))
      throw Problem{409, "key-in-use", "This key is or was registered already; make a new one."};
    // At most one key waits to be presented; a NAS that lost the answer may ask again with another.
    state.db().run("DELETE FROM keys WHERE device = ? AND state = 'pending'", device.id);
    state.db().run("INSERT INTO keys(jkt, device, point, state, since) VALUES(?, ?, ?, 'pending', ?)", jkt,
                   device.id, base64url(point), state.now());
  }
  const auto bundle = issue(state, device.id, point);
  transaction.commit();
  ++state.stats.renewals;
  return pkcs7(bundle);
}

namespace {

std::string revocation_list(State& state) {
  std::vector<Revoked> revoked;
  for (auto q = state.db().query("SELECT serial, revoked FROM revoked_certificates WHERE not_after >= ?",
                                 state.now());
       q.next();)
    revoked.push_back({q.text(0), q.integer(1)});
  return crl_der(state.keys, revoked, state.now());
}

}  // namespace

Reply get_crl_der(State& state, const Call&) {
  return Response{200, {{"Content-Type", "application/pkix-crl"}}, revocation_list(state)};
}
Reply get_crl_pem(State& state, const Call&) {
  return Response{200, {{"Content-Type", "application/x-pem-file"}}, crl_pem(revocation_list(state))};
}

}  // namespace refcloud
