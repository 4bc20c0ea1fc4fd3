#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "agent/config/config.hpp"

using namespace qcloud;

namespace {

const std::string minimal =
    "[cloud]\n"
    "url = \"https://cloud.vendor.test\"\n"
    "trust = \"/etc/qcloud/ca.pem\"\n"
    "receipt_key = \"/etc/qcloud/receipts.pem\"\n";

Error refused(const std::string& text) {
  auto config = parse_config(text, "qcloud.toml");
  REQUIRE_FALSE(config);
  CHECK(config.error().retry == Retry::wait_for_owner);
  CHECK_FALSE(config.error().fix.empty());
  return config.error();
}

bool says(const Error& error, std::string_view words) {
  return error.detail.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("the required keys suffice; the others have defaults") {
  auto config = parse_config(minimal, "qcloud.toml");
  REQUIRE(config);
  CHECK(config->cloud_url == Url{"https", "cloud.vendor.test", 443, ""});
  CHECK(config->trust_file == "/etc/qcloud/ca.pem");
  CHECK(config->receipt_key_file == "/etc/qcloud/receipts.pem");
  CHECK(config->region == "global");
  CHECK(config->log_level == Level::info);
  CHECK_FALSE(config->proxy_url);
  CHECK_FALSE(config->panel_listen);
}

TEST_CASE("letters beyond ASCII stand in quotes and comments only") {
  CHECK(parse_config("\xEF\xBB\xBF" + minimal + "# gr\xC3\xBC\xC3\x9F' \"\n", "qcloud.toml"));
  auto quoted = parse_config(
      "[cloud]\nurl = \"https://cloud.vendor.test\"\ntrust = '/share/\xC3\xB6.pem'\n"
      "receipt_key = \"/etc/\\\"\xC3\xB6.pem\"\n",
      "qcloud.toml");
  REQUIRE(quoted);
  CHECK(quoted->trust_file == "/share/\xC3\xB6.pem");
  for (std::string text : {"\xC3\xA4 = 1\n",
                           "[clo\xC3\xBC"
                           "d]\n",
                           "\xC2\xA1", "x = \xC2\xA0\"y\"", "\xFF\xFE"}) {
    auto error = refused(minimal + "\n" + text);
    CHECK(error.code == "config.syntax");
    CHECK(says(error, "line 6"));
  }
}

TEST_CASE("every key is read") {
  auto config = parse_config(minimal +
                                 "region = \"china\"\n[log]\nlevel = \"debug\"\n"
                                 "[proxy]\nurl = \"http://proxy:3128\"\n[panel]\nlisten = \"[::1]:8090\"\n",
                             "qcloud.toml");
  REQUIRE(config);
  CHECK(config->region == "china");
  CHECK(config->log_level == Level::debug);
  CHECK(config->proxy_url == Url{"http", "proxy", 3128, ""});
  REQUIRE(config->panel_listen);
  CHECK(to_string(config->panel_listen->address) == "::1");
  CHECK(config->panel_listen->port == 8090);
}

TEST_CASE("the example is valid") {
  std::ifstream file(QCLOUD_CONFIG_EXAMPLE);
  std::string text(std::istreambuf_iterator<char>(file), {});
  REQUIRE_FALSE(text.empty());
  CHECK(parse_config(text, "example"));
}

TEST_CASE("an unknown key is refused, with file, line, key and what is possible") {
  auto error = refused(minimal + "[log]\nlevle = \"debug\"\n");
  CHECK(error.code == "config.unknown_key");
  CHECK(error.detail == "qcloud.toml, line 6: there is no key log.levle.");
  CHECK(error.fix == "Remove it. [log] may hold: level.");

  error = refused("ddns = true\n" + minimal);
  CHECK(error.code == "config.unknown_key");
  CHECK(error.detail == "qcloud.toml, line 1: there is no key or table ddns.");
  CHECK(error.fix == "Remove it. The tables are: cloud, log, proxy, panel.");

  error = refused(minimal + "\"\\u001b[31m\\n\" = 1\n");
  CHECK(says(error, "there is no key cloud.?[31m?"));
}

TEST_CASE("a wrong type is refused") {
  CHECK(refused(minimal + "region = 1\n").code == "config.wrong_type");
  CHECK(refused(minimal + "region = [\"global\"]\n").code == "config.wrong_type");
  CHECK(refused("cloud = \"https://cloud.vendor.test\"\n").code == "config.wrong_type");
  CHECK(refused("[[cloud]]\nurl = \"https://cloud.vendor.test\"\n").code == "config.wrong_type");
  CHECK(says(refused(minimal + "region = 1979-05-27\n"), "line 5: cloud.region must be a text."));
}

TEST_CASE("a value that cannot work is refused") {
  auto error = refused(minimal + "region = \"mars\"\n");
  CHECK(error.code == "config.invalid");
  CHECK(error.detail == "qcloud.toml, line 5: cloud.region must be \"global\" or \"china\".");
  CHECK(refused(minimal + "[log]\nlevel = \"loud\"\n").code == "config.invalid");
  CHECK(refused("[cloud]\ntrust = \"ca.pem\"\n").code == "config.invalid");
  CHECK(refused("[cloud]\ntrust = \"/etc/ca\\u0000.pem\"\n").code == "config.invalid");
  CHECK(refused("[cloud]\nurl = \"http://cloud.vendor.test\"\n").code == "config.invalid");
}

TEST_CASE("a required key that is not there is named") {
  auto error = refused("# nothing\n[cloud]\nurl = \"https://cloud.vendor.test\"\n");
  CHECK(error.code == "config.required");
  CHECK(error.detail == "qcloud.toml, line 2: cloud.trust is not there.");
  CHECK(refused("").code == "config.required");
  CHECK(refused(minimal + "[proxy]\n").code == "config.required");
}

TEST_CASE("what is not TOML is refused at its line") {
  auto error = refused("[cloud]\nurl = https\n");
  CHECK(error.code == "config.syntax");
  CHECK(says(error, "qcloud.toml, line 2: "));
  CHECK(refused(minimal + minimal).code == "config.syntax");  // defined twice
  for (const char* text : {"[\n", "[[[cloud]]]\n", "[", "[[", "[=]", "x = { = 1 }", "x = [", "= 1", "\"",
                           "x = \"\"\"", "x.\n"}) {
    CAPTURE(text);
    CHECK(refused(text).code == "config.syntax");
  }
}

TEST_CASE("a value that may hold a password is not repeated") {
  auto error = refused(minimal + "[proxy]\nurl = \"http://user:hunter2@proxy\"\n");
  CHECK_FALSE(says(error, "hunter2"));
  CHECK(says(error, "proxy.url must name the proxy's port"));
  CHECK(parse_config(minimal + "[proxy]\nurl = \"http://user:hunter2@proxy:3128\"\n", "a"));
}

TEST_CASE("diff names the keys that changed") {
  auto before = parse_config(minimal, "a"),
       after = parse_config(minimal + "region = \"china\"\n[log]\nlevel = \"error\"\n", "b");
  REQUIRE(before);
  REQUIRE(after);
  CHECK(diff(*before, *before).empty());
  CHECK(diff(*before, *after) == std::vector<std::string>{"cloud.region", "log.level"});
  Config all = *after;
  all.cloud_url.port = 1;
  all.trust_file = all.receipt_key_file = "/x";
  all.proxy_url = Url{};
  all.panel_listen = ListenAddress{};
  CHECK(diff(*before, all).size() == 7);
}
