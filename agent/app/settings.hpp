// What can be set: by the owner (state, `qcloud config set`), else by the configuration file, else by
// the box's own system, else the default. Effective at once. Switches are no settings.
#pragma once

#include <boost/json/array.hpp>
#include <map>
#include <optional>
#include <string>

#include "agent/core/fact.hpp"
#include "agent/core/log.hpp"
#include "agent/core/result.hpp"
#include "agent/store/db.hpp"
#include "platform/platform.hpp"

namespace qcloud {

// What the configuration file says, key by key, as text; keys it does not set are not here.
struct FileSettings {
  std::string path;
  std::map<std::string, std::string, std::less<>> values;
};

class Settings {
 public:
  Settings(Db& db, FileSettings file, SystemSettings& system, Log& log);

  Fact<bool> economy;           // no standing connection to the cloud
  std::string proxy() const;    // "", or "http://[user:password@]host:port"; with the password
  Fact<std::string> proxy_now;  // the same at the last change of a setting; the system's changes in silence

  // nullopt: back to what it would be without the owner. Errors: config.unknown_key, config.invalid, store.*.
  Status set(const std::string& key, const std::optional<std::string>& value);

  // [{key, value, default, origin, text}]; a password is never shown.
  boost::json::array list() const;
  boost::json::object file() const;  // {path, values}
  // {key: value or null}: what the owner set, without secrets.
  boost::json::object backup() const;
  // Does `value` stand there already? Also true for what backup() made of a value with a password.
  bool has(const std::string& key, const std::optional<std::string>& value) const;

 private:
  struct Effective {
    std::string value, origin;
  };
  Effective effective(std::string_view key) const;
  void refresh();

  Db& db_;
  FileSettings file_;
  SystemSettings& system_;
  Log& log_;
  bool leveled_ = false;
  std::map<std::string, std::string, std::less<>> owner_;
};

// "http://user:***@host:port" for a URL with a password; any other text as it is.
std::string without_password(const std::string& url);

}  // namespace qcloud
