#include "tests/cloud/cloud.hpp"

#include "tests/cloud/accounts.hpp"
#include "tests/cloud/approval.hpp"
#include "tests/cloud/dispatch.hpp"
#include "tests/cloud/erasure.hpp"
#include "tests/cloud/handlers.hpp"
#include "tests/cloud/identity.hpp"
#include "tests/cloud/names.hpp"
#include "tests/cloud/retention.hpp"

namespace refcloud {

Response operate_on(Cloud&, Clock&, const Request&);  // operator.cpp
Reply relay_on(State&, const Request&);               // relay_door.cpp
std::optional<Response> relay_again(State&, const Hang&);
void leave_silent_relays(State&);

Cloud::Cloud(Clock& clock, Rng& rng, Store store, Keys keys, Dns& dns, Settings settings)
    : state_(new State{clock, rng, std::move(store), std::move(keys), dns, std::move(settings)}) {}
Cloud::~Cloud() = default;

void Cloud::announce() {
  auto changed = std::exchange(state_->changed, {});
  if (!state_->on_change) return;
  for (const auto& device : changed) state_->on_change(device);
}

Reply Cloud::handle(const Request& request) {
  auto reply = dispatch(*state_, request);
  announce();
  return reply;
}

std::optional<Response> Cloud::recheck(const Hang& hang) {
  auto& state = *state_;
  if (hang.relay) return relay_again(state, hang);
  Response response;
  try {
    const auto device = device_by_key(state, hang.jkt);
    if (state.now() < hang.until && newest_event(state, device.id) <= hang.cursor) return std::nullopt;
    response = watch_answer(state, device, hang.source, hang.cursor);
  } catch (const Problem& problem) {
    response = problem_response(problem);
  }
  return finish(state, std::move(response), Request{"GET", "/v1/watch", {}, {}, hang.source, {}}, "/v1/watch",
                hang.source);
}

void Cloud::set_on_change(std::function<void(const std::string&)> callback) {
  state_->on_change = std::move(callback);
}

void Cloud::tick() {
  retry_erasures(*state_);
  leave_silent_relays(*state_);
  publish_dirty(*state_);
  announce();
}

void Cloud::run_retention() {
  retain(*state_);
  announce();
}

Response Cloud::operate(const Request& request) { return operate_on(*this, state_->clock, request); }

Reply Cloud::relay(const Request& request) { return relay_on(*state_, request); }

bool Cloud::add_account(std::string_view login, std::string_view password) {
  return create_account(*state_, login, password);
}

bool Cloud::approve(std::string_view user_code, std::string_view wish) {
  const auto login = lower(wish);
  if (!state_->db().query("SELECT 1 FROM accounts WHERE login = ?", login).next()) return false;
  return decide(*state_, normal_user_code(user_code), login, true);
}

bool Cloud::deny(std::string_view user_code) {
  return decide(*state_, normal_user_code(user_code), {}, false);
}

bool Cloud::revoke(const std::string& device_id) {
  auto& state = *state_;
  std::vector<std::string> fqdns;
  if (const auto name = name_of(state, device_id)) fqdns.push_back(state.fqdn(*name));
  bool found = false;
  publish(state, fqdns, IfDnsFails::keep, [&] {
    found = state.db().run("UPDATE devices SET revoked = ? WHERE id = ? AND revoked IS NULL", state.now(),
                           device_id) == 1;
    if (found) {
      state.db().run("DELETE FROM update_tokens WHERE device = ?", device_id);
      state.db().run(
          "INSERT OR IGNORE INTO revoked_certificates SELECT serial, ?, not_after FROM certificates WHERE "
          "device = ?",
          state.now(), device_id);
    }
  });
  if (found) state.changed.insert(device_id);
  announce();
  return found;
}

std::optional<std::string> Cloud::remove(const std::string& device_id) {
  auto receipt = erase_for_account(*state_, device_id, Scope::registration);
  announce();
  if (!receipt) return std::nullopt;
  return std::move(receipt->jws);
}

bool Cloud::rename(const std::string& device_id, const std::optional<std::string>& name) {
  if (!state_->db().query("SELECT 1 FROM devices WHERE id = ?", device_id).next()) return false;
  try {
    rename_device(*state_, device_id, name);
  } catch (const Problem&) {
    return false;
  }
  announce();
  return true;
}

bool Cloud::set_heartbeat(const std::optional<std::string>& device_id, std::optional<Seconds> every) {
  if (every && (*every < minute || *every > day)) return false;
  auto& state = *state_;
  if (device_id && !state.db().query("SELECT 1 FROM devices WHERE id = ?", *device_id).next()) return false;
  const auto key = device_id.value_or("");
  state.heartbeats.erase(key);
  if (every) state.heartbeats.emplace(key, *every);
  return true;
}

bool Cloud::notify(const std::string& device_id, std::string_view text) {
  if (!printable(text, 1, 500) || !state_->db().query("SELECT 1 FROM devices WHERE id = ?", device_id).next())
    return false;
  add_event(*state_, device_id, "notice", std::string(text));
  announce();
  return true;
}

std::vector<std::string> Cloud::devices_of(std::string_view login) {
  std::vector<std::string> out;
  for (auto q = state_->db().query("SELECT id FROM devices WHERE account = ? ORDER BY registered, id", login);
       q.next();)
    out.push_back(q.text(0));
  return out;
}

Stats Cloud::stats() const {
  auto stats = state_->stats;
  auto q = state_->db().query(
      "SELECT (SELECT count(*) FROM devices), (SELECT count(*) FROM accounts), (SELECT count(*) FROM names)");
  q.next();
  stats.devices = q.integer(0);
  stats.accounts = q.integer(1);
  stats.names = q.integer(2);
  return stats;
}

std::map<std::string, int> Cloud::rows_of(std::string_view needle) { return state_->store.rows_with(needle); }
const Keys& Cloud::keys() const { return state_->keys; }
const Settings& Cloud::settings() const { return state_->settings; }

}  // namespace refcloud
