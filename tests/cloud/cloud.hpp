// The reference cloud without its sockets: requests in, responses and DNS changes out.
//
// One thread, no sleeping, no I/O but the SQLite store and the Dns that is passed in. The program `refcloud`
// puts TLS around it; the simulation calls the same handle() with a virtual clock. The API is described in
// docs/openapi/cloud.yaml; who may call what stands in one table, routes.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cloud/certs.hpp"
#include "tests/cloud/clock.hpp"
#include "tests/cloud/dns.hpp"
#include "tests/cloud/http.hpp"
#include "tests/cloud/rng.hpp"
#include "tests/cloud/store.hpp"

namespace refcloud {

struct Settings {
  std::string host = "cloud.vendor.test";  ///< in the issuer of receipts, and in URLs
  std::string zone = "mynas.test";         ///< public names are NAME.zone
  /// Host parts (names or addresses, no port) that URLs in answers may carry if the client used them.
  std::vector<std::string> other_hosts = {"localhost", "127.0.0.1", "[::1]"};
  /// Where people find the pages, if not where the NAS finds the API: "https://account.vendor.test".
  std::string public_url;
  Seconds certificate_lifetime = 7 * day;
  Seconds device_code_lifetime = 10 * minute;
  Seconds poll_interval = 5;
  Seconds access_token_lifetime = 5 * minute;
  Seconds session_lifetime = 12 * hour;
  Seconds lookup_token_lifetime = hour;
  Seconds max_hold = 6 * hour;         ///< of GET /v1/watch
  Seconds backup_lifetime = 90 * day;  ///< after erasure; never past 180 days from the order
  Seconds log_lifetime = 90 * day;     ///< of the access log; six months are promised
  Seconds receipt_lifetime = 180 * day;
  Seconds event_lifetime = 90 * day;
  int device_codes_per_address = 120;  ///< in 10 minutes
  int lookup_misses = 60;  ///< of an account, in 10 minutes; look-ups that find: ten times as many
  int scrypt_log2_n = 15;  ///< 32 MiB, about 0.1 s; tests take less
  bool access_log = true;
};

struct Stats {
  std::int64_t devices = 0, accounts = 0, names = 0;  ///< rows now
  std::int64_t requests = 0, watches = 0, watches_hung = 0, ddns_updates = 0, ddns_noops = 0,
               dns_failures = 0, enrollments = 0, renewals = 0, erasures = 0, removals = 0;  ///< since start
};

/// How a caller proves who it is.
enum class Auth {
  open,     ///< no one in particular
  account,  ///< the session cookie of the account's pages
  lookup,   ///< a bearer token of the scope "lookup"
  update,   ///< the name's update token as Basic password; the handler checks it and answers as dyndns2 does
  certificate,  ///< a device certificate that has not expired
  certificate_expired_ok,
};
struct RouteInfo {
  std::string_view method;
  std::string_view path;  ///< as in OpenAPI: "/v1/erasure-requests/{id}"
  Auth auth;
  bool page;  ///< HTML for people; its errors are pages too
};

struct State;

class Cloud {
 public:
  /// Clock, Rng and Dns must outlive the cloud. Throws DbError if the store cannot be used.
  Cloud(Clock&, Rng&, Store, Keys, Dns&, Settings = {});
  ~Cloud();
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  /// Answers any request of the public listeners; never throws.
  Reply handle(const Request&);
  /// The answer of a hanging watch, once there is one: its time is over, an event came, the device is gone or
  /// revoked.
  std::optional<Response> recheck(const Hang&);
  /// Called with a device id after each change that may end a hang of that device; never from inside of
  /// another callback. handle() must not be called from it.
  void set_on_change(std::function<void(const std::string& device_id)>);

  /// Finishes what DNS refused earlier: dirty names, pending erasures; leads nobody to a relay that is
  /// silent. Call it every few seconds.
  void tick();
  /// Deletes what has passed its date. Call it hourly.
  void run_retention();

  /// The operator's API (POST /revoke, GET /stats, ...), for a socket that only the operator can reach.
  Response operate(const Request&);

  /// What relays ask, for a socket that only relays can reach. A Hang is a request for news of their boxes.
  Reply relay(const Request&);

  // The operator's acts, also for tests.
  bool add_account(std::string_view login,
                   std::string_view password);  ///< false if there is one, or the login is unusable
  bool approve(
      std::string_view user_code,
      std::string_view login);  ///< what the account's page does; false if the code is unknown or old
  bool deny(std::string_view user_code);
  bool revoke(const std::string& device_id);
  std::optional<std::string> remove(
      const std::string& device_id);  ///< as on the account's page; gives the receipt (JWS)
  /// Gives or (with nothing) takes the public name. False: no such device, name taken or invalid, or DNS
  /// refused.
  bool rename(const std::string& device_id, const std::optional<std::string>& name);
  /// Asks boxes in economy mode for a sign of life every so many seconds, 60 to 86400; nothing: as they like.
  /// No device: all that have no wish of their own. Kept in memory only: advice, not data. False if out of
  /// range.
  bool set_heartbeat(const std::optional<std::string>& device_id, std::optional<Seconds> every);
  bool notify(const std::string& device_id,
              std::string_view text);  ///< a service notice; it rides in the next watch
  std::vector<std::string> devices_of(std::string_view login);

  Stats stats() const;
  /// Table -> number of rows that hold this text anywhere. Try a device id, a thumbprint, a name.
  std::map<std::string, int> rows_of(std::string_view needle);
  const Keys& keys() const;
  const Settings& settings() const;

 private:
  void announce();
  std::unique_ptr<State> state_;
};

/// Every endpoint and method of handle(), in the order in which they are matched.
std::vector<RouteInfo> routes();

}  // namespace refcloud
