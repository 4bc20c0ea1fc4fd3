#include "tests/cloud/erasure.hpp"

#include "tests/cloud/handlers.hpp"
#include "tests/cloud/identity.hpp"

namespace refcloud {
namespace {

Problem bad_order(std::string detail) { return {400, "bad-order", std::move(detail)}; }

struct Jws {
  json::object head;
  json::object payload;
  std::string signed_text;
  std::string signature;
};

Jws parse_jws(const std::string& text) {
  const auto first = text.find('.');
  const auto second = first == std::string::npos ? first : text.find('.', first + 1);
  if (second == std::string::npos || text.find('.', second + 1) != std::string::npos)
    throw bad_order("\"request\" is not a compact JWS.");
  const auto head = unbase64url(text.substr(0, first));
  const auto payload = unbase64url(text.substr(first + 1, second - first - 1));
  auto signature = unbase64url(text.substr(second + 1));
  if (!head || !payload || !signature) throw bad_order("\"request\" is not a compact JWS.");
  return {parse_object(*head), parse_object(*payload), text.substr(0, second), std::move(*signature)};
}

// The order as its payload states it; whether its signature is good is the caller's next question.
Erasure parse_order(const Jws& jws, const std::string& text) {
  only_members(jws.head, {"alg", "typ", "kid"});
  if (text_member(jws.head, "alg") != "ES256" || text_member(jws.head, "typ") != "erasure-request+jwt")
    throw bad_order("The header must say alg \"ES256\" and typ \"erasure-request+jwt\".");
  only_members(jws.payload,
               {"subject_request_id", "subject_request_type", "device_id", "scope", "submitted_time"});
  Erasure order;
  order.jkt = text_member(jws.head, "kid");
  order.device_id = text_member(jws.payload, "device_id");
  order.id = text_member(jws.payload, "subject_request_id");
  if (!valid_uuid(order.id)) throw bad_order("\"subject_request_id\" must be a UUID.");
  if (text_member(jws.payload, "subject_request_type") != "erasure")
    throw bad_order("\"subject_request_type\" must be \"erasure\".");
  const auto* const scope = jws.payload.if_contains("scope");
  const auto* const list = scope ? scope->if_array() : nullptr;
  const auto* const word = list && list->size() == 1 ? (*list)[0].if_string() : nullptr;
  const auto parsed = word ? parse_scope(*word) : std::nullopt;
  if (!parsed) throw bad_order("\"scope\" must be [\"ddns\"], [\"link\"] or [\"registration\"].");
  order.scope = *parsed;
  const auto submitted = parse_rfc3339(text_member(jws.payload, "submitted_time"));
  if (!submitted) throw bad_order("\"submitted_time\" must be an RFC 3339 time in UTC.");
  order.submitted = *submitted;
  order.request_sha256 = sha256_hex(text);
  return order;
}

// The signing key is one of the device's own, in whatever state: an order may be older than a rotation.
void check_signature(State& state, const Jws& jws, const Erasure& order) {
  auto q = state.db().query("SELECT point, device FROM keys WHERE jkt = ?", order.jkt);
  if (!q.next()) {
    if (auto removed = removed_problem(state, order.jkt)) throw *removed;
    throw Problem{403, "unknown-key", "No device with this key is registered."};
  }
  const auto point = unbase64url(q.text(0));
  if (!point || !verify_es256(*point, jws.signed_text, jws.signature))
    throw Problem{403, "bad-signature", "The signature of the order is wrong."};
  if (q.text(1) != order.device_id)
    throw Problem{403, "unknown-key", "This key does not belong to that device."};
}

Response completed(int status, const std::string& receipt) {
  return json_response(status, json::object{{"status", "completed"}, {"receipt", receipt}});
}

Response in_progress() {
  auto response = json_response(202, json::object{{"status", "in_progress"}});
  response.headers.emplace_back("Retry-After", "30");
  return response;
}

}  // namespace

Reply post_erasure(State& state, const Call& call) {
  const auto* const key = header(call.request.headers, "Idempotency-Key");
  if (!key)
    throw Problem{400, "idempotency-key-required",
                  "The header Idempotency-Key must be the order's subject_request_id."};
  const auto body = parse_object(call.request.body);
  only_members(body, {"request"});
  const auto text = text_member(body, "request");
  const auto jws = parse_jws(text);
  const auto order = parse_order(jws, text);
  if (*key != order.id)
    throw Problem{400, "idempotency-key-mismatch",
                  "The header Idempotency-Key must be the order's subject_request_id."};

  if (auto q = state.db().query("SELECT request_sha256, jws FROM receipts WHERE id = ?", order.id);
      q.next()) {
    if (q.optional_text(0) != order.request_sha256)
      throw Problem{409, "idempotency-key-reused", "Another order had this id."};
    return completed(201, q.text(1));
  }
  if (auto waiting = state.db().query("SELECT jws FROM pending_erasures WHERE id = ?", order.id);
      waiting.next()) {
    if (waiting.text(0) != text) throw Problem{409, "idempotency-key-reused", "Another order had this id."};
  } else {
    check_signature(state, jws, order);
    state.db().run("INSERT INTO pending_erasures VALUES(?, ?, ?)", order.id, text, state.now());
  }
  retry_erasures(state);
  if (auto q = state.db().query("SELECT jws FROM receipts WHERE id = ?", order.id); q.next())
    return completed(201, q.text(0));
  // Another order or a removal on the account's page was faster and left nothing to erase.
  if (!state.db().query("SELECT 1 FROM pending_erasures WHERE id = ?", order.id).next())
    check_signature(state, jws, order);
  return in_progress();
}

Reply get_erasure(State& state, const Call& call) {
  if (auto q = state.db().query("SELECT jws FROM receipts WHERE id = ? AND request_sha256 IS NOT NULL",
                                call.parameter);
      q.next())
    return completed(200, q.text(0));
  if (state.db().query("SELECT 1 FROM pending_erasures WHERE id = ?", call.parameter).next())
    return in_progress();
  throw Problem{404, "not-found", "There is no order with this id."};
}

// Orders run in the order of their arrival: what a NAS ordered first must not be overtaken.
void retry_erasures(State& state) {
  std::vector<std::string> waiting;
  for (auto q = state.db().query("SELECT jws FROM pending_erasures ORDER BY received, rowid"); q.next();)
    waiting.push_back(q.text(0));
  for (const auto& text : waiting) {
    const auto order = parse_order(parse_jws(text), text);
    Transaction transaction(state.db());
    try {
      state.db().run("DELETE FROM pending_erasures WHERE id = ?", order.id);
      if (state.db().query("SELECT 1 FROM devices WHERE id = ?", order.device_id).next()) {
        erase(state, order, false);
        ++state.stats.erasures;
      }
      transaction.commit();
      state.db().checkpoint();
    } catch (const Problem&) {
      return;  // DNS does not answer: the order stays, and the next try comes with tick() or with the NAS
    }
  }
}

}  // namespace refcloud
