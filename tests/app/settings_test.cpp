// Settings through the local API: where a value comes from, that it counts at once, backup and restore.
#include <doctest/doctest.h>
#include <boost/json/serialize.hpp>

#include "tests/app/agent_world.hpp"

using namespace qcloud;
namespace json = boost::json;

namespace {

struct World : unit::AgentWorld {
  json::object setting(std::string_view key) {
    auto shown = call("GET", "/v1/settings");
    REQUIRE(shown);
    for (const auto& entry : shown->body.at("settings").as_array())
      if (entry.at("key").as_string() == json::string_view(key.data(), key.size())) return entry.as_object();
    FAIL("no such setting");
    return {};
  }
  Result<ApiAnswer> set(const char* key, json::value value) {
    return call("PUT", "/v1/settings", {{"key", key}, {"value", std::move(value)}});
  }
  bool is(std::string_view key, const char* value, const char* origin) {
    auto found = setting(key);
    return found.at("value") == value && found.at("origin") == origin;
  }
};

}  // namespace

TEST_CASE_FIXTURE(World, "settings: defaults, the owner's word over them, and back") {
  REQUIRE(start());
  CHECK(is("economy", "off", "default"));
  CHECK(is("log.level", "info", "default"));
  CHECK(is("proxy.url", "", "default"));
  CHECK_FALSE(agent->settings.economy.get());
  REQUIRE(set("economy", "on"));
  CHECK(is("economy", "on", "owner"));
  CHECK(agent->settings.economy.get());  // at once
  REQUIRE(set("log.level", "error"));
  lines.clear();
  log.warning("not now");
  CHECK(lines.empty());
  REQUIRE(set("log.level", "debug"));
  log.debug("now");
  CHECK(lines.size() == 1);
  // After a restart as before.
  stop();
  state.open();
  make();
  REQUIRE(start());
  CHECK(is("economy", "on", "owner"));
  CHECK(is("log.level", "debug", "owner"));
  REQUIRE(set("economy", nullptr));
  CHECK(is("economy", "off", "default"));
  CHECK_FALSE(agent->settings.economy.get());
}

TEST_CASE_FIXTURE(World,
                  "settings: the proxy of the system, the file and the owner, each over the one before") {
  box.set_web_proxy("http://system:3128");
  REQUIRE(start());
  CHECK(is("proxy.url", "http://system:3128", "system"));
  CHECK(agent->settings.proxy() == "http://system:3128");
  box.set_web_proxy("nonsense from the system");
  CHECK(agent->settings.proxy() == "");
  box.set_web_proxy("http://system:3128");

  Settings with_file(state.db(), {"/etc/qcloud/qcloud.toml", {{"proxy.url", "http://file:8080"}}},
                     box.platform().system, log);
  CHECK(with_file.proxy() == "http://file:8080");
  REQUIRE(with_file.set("proxy.url", "http://anna:s3cret@owner:8080"));
  CHECK(with_file.proxy() == "http://anna:s3cret@owner:8080");
  CHECK(json::serialize(with_file.list()).find("s3cret") == std::string::npos);
  CHECK(json::serialize(with_file.list()).find("http://anna:***@owner:8080") != std::string::npos);
  REQUIRE(with_file.set("proxy.url", "none"));
  CHECK(with_file.proxy() == "");  // without the system's, too
  REQUIRE(with_file.set("proxy.url", std::nullopt));
  CHECK(with_file.proxy() == "http://file:8080");
}

TEST_CASE_FIXTURE(World, "settings: what cannot work is refused, and nothing changes") {
  REQUIRE(start());
  for (auto [key, value] : {std::pair("economy", "yes"),
                            {"economy", ""},
                            {"log.level", "loud"},
                            {"proxy.url", "proxy:3128"},
                            {"proxy.url", "http://proxy"},
                            {"proxy.url", "https://proxy:3128"},
                            {"cloud.url", "https://elsewhere"},
                            {"ddns", "on"},
                            {"", ""}}) {
    CAPTURE(key);
    CAPTURE(value);
    auto answer = set(key, value);
    REQUIRE_FALSE(answer);
    CHECK(status_of(answer.error()) == 422);
    CHECK_FALSE(answer.error().detail.empty());
  }
  CHECK_FALSE(set("economy", true));
  CHECK_FALSE(set("economy", 1));
  CHECK_FALSE(call("PUT", "/v1/settings", {{"key", "economy"}}));
  CHECK_FALSE(set("proxy.url", json::value(std::string(5000, 'x'))));
  CHECK(is("economy", "off", "default"));
  CHECK(is("proxy.url", "", "default"));
}

TEST_CASE_FIXTURE(World, "settings: a backup holds no identity and no secret, and comes back") {
  REQUIRE(start());
  REQUIRE(set("economy", "on"));
  REQUIRE(set("proxy.url", "http://anna:s3cret@proxy:8080"));
  auto backup = call("GET", "/v1/settings/backup");
  REQUIRE(backup);
  auto text = json::serialize(backup->body);
  CHECK(text.find("s3cret") == std::string::npos);
  for (auto never : {"key_pem", "device", "account", "BEGIN"}) CHECK(text.find(never) == std::string::npos);
  CHECK(backup->body.at("kind") == "qcloud-settings");
  CHECK(backup->body.at("switches").at("ddns") == false);

  REQUIRE(set("economy", nullptr));
  REQUIRE(set("log.level", "debug"));
  auto restored = call("POST", "/v1/settings/restore", {{"backup", backup->body}});
  REQUIRE(restored);
  CHECK(restored->body.at("changed").as_array().size() == 2);
  CHECK(restored->body.at("skipped").as_array().empty());  // the same proxy stands there already
  CHECK(is("economy", "on", "owner"));
  CHECK(is("log.level", "info", "default"));
  CHECK(agent->settings.proxy() == "http://anna:s3cret@proxy:8080");

  // On a box without the password it is said, and the rest is done.
  REQUIRE(set("proxy.url", nullptr));
  restored = call("POST", "/v1/settings/restore", {{"backup", backup->body}});
  REQUIRE(restored);
  REQUIRE(restored->body.at("skipped").as_array().size() == 1);
  CHECK(restored->body.at("skipped").at(0).at("what") == "proxy.url");
  CHECK(agent->settings.proxy() == "");
}

TEST_CASE_FIXTURE(
    World, "settings: a restored switch is the owner's act; on a box without registration it is skipped") {
  REQUIRE(start());
  json::object backup{
      {"schema", 1},
      {"kind", "qcloud-settings"},
      {"settings", json::object{{"economy", "on"}, {"colour", "blue"}, {"log.level", "loud"}}},
      {"switches", json::object{{"ddns", true}, {"teleport", true}, {"enroll", true}}}};
  auto restored = call("POST", "/v1/settings/restore", {{"backup", backup}});
  REQUIRE(restored);
  CHECK(restored->body.at("changed").as_array().size() == 1);
  CHECK(restored->body.at("skipped").as_array().size() == 5);
  CHECK_FALSE(agent->switches.any_on());
}

TEST_CASE_FIXTURE(World, "settings: what is no backup is refused as a whole") {
  REQUIRE(start());
  for (json::value bad :
       std::initializer_list<json::value>{json::object{}, json::object{{"kind", "something"}},
                                          json::object{{"kind", "qcloud-settings"}}, "text", nullptr,
                                          json::object{{"kind", "qcloud-settings"},
                                                       {"settings", json::object{{"economy", 7}}},
                                                       {"switches", json::object{}}},
                                          json::object{{"kind", "qcloud-settings"},
                                                       {"settings", json::object{{"economy", "on"}}},
                                                       {"switches", json::object{{"ddns", "yes"}}}},
                                          json::object{{"kind", "qcloud-settings"},
                                                       {"schema", 2},
                                                       {"settings", json::object{{"economy", "on"}}},
                                                       {"switches", json::object{}}}}) {
    CAPTURE(json::serialize(bad));
    auto answer = call("POST", "/v1/settings/restore", {{"backup", bad}});
    REQUIRE_FALSE(answer);
    CHECK(status_of(answer.error()) == 400);
  }
  CHECK(is("economy", "off", "default"));
}
