// What the handlers share. Internal to refcloud_core.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "tests/cloud/cloud.hpp"
#include "tests/cloud/encoding.hpp"
#include "tests/cloud/json.hpp"
#include "tests/cloud/problem.hpp"

namespace refcloud {

struct State {
  Clock& clock;
  Rng& rng;
  Store store;
  Keys keys;
  Dns& dns;
  Settings settings;

  Stats stats{};
  std::set<std::string> changed{};  ///< devices to announce once the current call is done
  std::function<void(const std::string&)> on_change{};
  /// Certificates whose signature was checked already: SHA-256 of the DER -> what they say. A cache only.
  std::unordered_map<std::string, PresentedCertificate> presented{};

  /// What watch answers say as heartbeat_seconds: by device id, "" for all others.
  std::map<std::string, Seconds> heartbeats{};

  /// When each relay asked for news last, and when that was looked at.
  std::map<std::string, Seconds> relay_heard{};
  std::map<std::string, std::string> relay_runs{};  ///< the process of that name that started last
  Seconds relays_looked = 0;

  Db& db() { return store.db; }
  Seconds now() const { return clock.now(); }
  std::string fqdn(const std::string& name) const { return name + '.' + settings.zone; }
};

/// A device, as the store knows it.
struct Device {
  std::string id;
  std::string account;
  std::string jkt;        ///< of the key that authenticated, empty if none did
  Seconds not_after = 0;  ///< of the certificate that authenticated
};

struct Session {
  std::string account;
  std::string token;  ///< as in the cookie
};

/// One request on its way through a handler.
struct Call {
  const Request& request;
  std::string path{};
  std::string raw_query{};
  Pairs query{};
  Pairs form{};             ///< of a form body
  std::string parameter{};  ///< what stands for {id} in the path
  std::string source{};     ///< peer address, canonical
  std::string origin{};     ///< "https://host[:port]" for URLs in the answer
  std::optional<Device> device{};
  std::optional<Session> session{};
  std::string account{};  ///< whom a bearer token speaks for
};

inline Response json_response(int status, const json::value& body) {
  return {
      status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, json::serialize(body)};
}

}  // namespace refcloud
