#include "agent/app/settings.hpp"

#include "agent/config/config.hpp"

namespace qcloud {

namespace json = boost::json;

namespace {

// As written, in the form that is kept; or what is wrong with it, as half a sentence.
using Check = Result<std::string> (*)(std::string_view value);

Error invalid(std::string detail, std::string fix) {
  return {"config.invalid", Retry::wait_for_owner, std::move(detail), std::move(fix)};
}

Result<std::string> on_or_off(std::string_view value) {
  if (value != "on" && value != "off") return invalid("must be \"on\" or \"off\"", "Write on or off.");
  return std::string(value);
}

Result<std::string> level(std::string_view value) {
  auto parsed = parse_level(value);
  if (!parsed) return std::move(parsed).error();
  return std::string(value);
}

Result<std::string> proxy_url(std::string_view value) {
  if (value == "none") return std::string(value);
  auto parsed = parse_proxy_url(value);
  if (!parsed) return std::move(parsed).error();
  return to_string(*parsed);
}

struct Known {
  std::string_view key, fallback, text;
  Check check;
};
constexpr Known known[] = {
    {"economy", "off",
     "Economy mode: no standing connection to the cloud, a short one every 15 minutes. A change of the "
     "router's address is then noticed within minutes instead of seconds.",
     on_or_off},
    {"log.level", "info", "How much is written to the log: debug, info, warning or error.", level},
    {"proxy.url", "",
     "The web proxy on the way to the cloud, as http://host:port, or none to go without the system's.",
     proxy_url},
};

const Known* find(std::string_view key) {
  for (const auto& entry : known)
    if (entry.key == key) return &entry;
  return nullptr;
}

json::string text(std::string_view value) { return json::string(value.data(), value.size()); }

}  // namespace

std::string without_password(const std::string& url) {
  auto scheme = url.find("://");
  auto at = url.find('@');
  if (scheme == std::string::npos || at == std::string::npos) return url;
  auto colon = url.find(':', scheme + 3);
  if (colon == std::string::npos || colon > at) return url;
  return url.substr(0, colon) + ":***" + url.substr(at);
}

Settings::Settings(Db& db, FileSettings file, SystemSettings& system, Log& log)
    : db_(db), file_(std::move(file)), system_(system), log_(log) {
  refresh();
}

void Settings::refresh() {
  std::map<std::string, std::string, std::less<>> next;
  auto status =
      db_.run("SELECT key,value FROM settings", {}, [&](const Row& row) { next[row.text(0)] = row.text(1); });
  if (!status) return;
  owner_ = std::move(next);
  economy.set(effective("economy").value == "on");
  proxy_now.set(proxy());
  // Until somebody says otherwise the log stays at the level that it was made with.
  auto log_level = effective("log.level");
  leveled_ = leveled_ || log_level.origin != "default";
  if (auto parsed = parse_level(log_level.value); parsed && leveled_) log_.set_level(*parsed);
}

Settings::Effective Settings::effective(std::string_view key) const {
  const Known* entry = find(key);
  if (!entry) return {};
  if (auto own = owner_.find(key); own != owner_.end() && entry->check(own->second))
    return {own->second, "owner"};
  if (auto in_file = file_.values.find(key); in_file != file_.values.end()) return {in_file->second, "file"};
  if (key == "proxy.url")
    if (auto system = system_.web_proxy(); !system.empty())
      if (auto checked = proxy_url(system)) return {*checked, "system"};
  return {std::string(entry->fallback), "default"};
}

std::string Settings::proxy() const {
  auto value = effective("proxy.url").value;
  return value == "none" ? "" : value;
}

Status Settings::set(const std::string& key, const std::optional<std::string>& value) {
  const Known* entry = find(key);
  if (!entry)
    return Error{"config.unknown_key", Retry::give_up, "There is no setting of this name.",
                 "See them with: qcloud config show"};
  Status status;
  if (value) {
    auto checked =
        value->size() > 2048 ? Result<std::string>(invalid("is too long", "")) : entry->check(*value);
    if (!checked) {
      auto error = std::move(checked).error();
      error.detail = key + " " + error.detail + ".";
      return error;
    }
    status = db_.run("INSERT OR REPLACE INTO settings(key,value) VALUES(?,?)", {key, *checked});
  } else {
    status = db_.run("DELETE FROM settings WHERE key=?", {key});
  }
  if (status) refresh();
  return status;
}

json::array Settings::list() const {
  json::array out;
  for (const auto& entry : known) {
    auto now = effective(entry.key);
    out.push_back({{"key", text(entry.key)},
                   {"value", without_password(now.value)},
                   {"default", text(entry.fallback)},
                   {"origin", now.origin},
                   {"text", text(entry.text)}});
  }
  return out;
}

json::object Settings::file() const {
  json::object values;
  for (const auto& [key, value] : file_.values) values[key] = without_password(value);
  return {{"path", file_.path}, {"values", std::move(values)}};
}

json::object Settings::backup() const {
  json::object out;
  for (const auto& entry : known) {
    auto own = owner_.find(entry.key);
    out[text(entry.key)] =
        own == owner_.end() ? json::value(nullptr) : json::value(without_password(own->second));
  }
  return out;
}

bool Settings::has(const std::string& key, const std::optional<std::string>& value) const {
  auto own = owner_.find(key);
  if (own == owner_.end()) return !value;
  return value && (*value == own->second || *value == without_password(own->second));
}

}  // namespace qcloud
