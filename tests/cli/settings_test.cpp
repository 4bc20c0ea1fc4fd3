// config, audience, data correct.
#include "agent/cli/settings.hpp"

#include "tests/cli/agent_double.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>

using namespace qcloud::cli;

namespace {

const char* const shown =
    R"({"schema":1,"file":{"path":"/etc/qcloud/qcloud.toml","values":{"cloud.url":"https://cloud.vendor.test:443"}},
  "settings":[{"key":"economy","value":"on","default":"off","origin":"owner","text":"Economy mode."},
              {"key":"log.level","value":"info","default":"info","origin":"default","text":"How much."},
              {"key":"proxy.url","value":"http://a:***@p:1","default":"","origin":"system","text":"The proxy."}]})";
const char* const backup =
    R"({"schema":1,"kind":"qcloud-settings","version":"1","made":"2026-11-23T10:00:00Z",
  "settings":{"economy":"on","log.level":null},"switches":{"ddns":true}})";
const char* const other =
    R"({"schema":1,"kind":"qcloud-settings","settings":{"economy":null,"log.level":null},"switches":{"ddns":false}})";

std::string content(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("config show and set: value, whose word, what it does") {
  AgentDouble agent;
  agent.answer("GET /v1/settings", 200, shown);
  agent.answer("PUT /v1/settings", 200, shown);
  Call show(agent.socket()), set(agent.socket()), unset(agent.socket());
  CHECK(show({"config", "show"}) == 0);
  CHECK(show.out.str().find("economy = on  (set by you)") != std::string::npos);
  CHECK(show.out.str().find("proxy.url = http://a:***@p:1  (from this NAS's own settings)") !=
        std::string::npos);
  CHECK(show.out.str().find("cloud.url = https://cloud.vendor.test:443") != std::string::npos);
  CHECK(set({"config", "set", "economy", "on"}) == 0);
  CHECK(set.out.str() == "economy is on.\n");
  CHECK(unset({"config", "unset", "log.level"}) == 0);
  CHECK(agent.was_asked(R"(PUT /v1/settings {"key":"economy","value":"on"})"));
  CHECK(agent.was_asked(R"(PUT /v1/settings {"key":"log.level","value":null})"));
}

TEST_CASE("config set: a refusal has its reason and its fix") {
  AgentDouble agent;
  agent.answer(
      "PUT /v1/settings", 422,
      R"({"type":"urn:qcloud:problem:setting-invalid","title":"t","status":422,"detail":"economy must be \"on\" or \"off\".","fix":"Write on or off.","retryable":false})");
  Call set(agent.socket()), few(agent.socket());
  CHECK(set({"config", "set", "economy", "maybe"}) == 1);
  CHECK(set.err.str().find("must be \"on\" or \"off\"") != std::string::npos);
  CHECK(set.err.str().find("Write on or off.") != std::string::npos);
  CHECK(few({"config", "set", "economy"}) == 2);
}

TEST_CASE("config backup: a file for the owner alone, never over another one") {
  AgentDouble agent;
  TempDir dir;
  agent.answer("GET /v1/settings/backup", 200, backup);
  Call first(agent.socket()), second(agent.socket()), forced(agent.socket());
  auto file = dir.path("backup.json");
  CHECK(first({"config", "backup", file}) == 0);
  CHECK(boost::json::parse(content(file)) == boost::json::parse(backup));
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(second({"config", "backup", file}) == 1);
  CHECK(forced({"config", "backup", file, "--force"}) == 0);
}

TEST_CASE("config restore: lists the changes, asks, and says what was not done") {
  AgentDouble agent;
  TempDir dir;
  auto file = dir.write("backup.json", backup);
  agent.answer("GET /v1/settings/backup", 200, other);
  agent.answer(
      "POST /v1/settings/restore?wait=5", 200,
      R"({"schema":1,"changed":["economy: on"],"skipped":[{"what":"ddns","why":"This box is not registered."}]})");
  Call no(agent.socket()), yes(agent.socket()), nobody(agent.socket());
  CHECK(nobody({"config", "restore", file}) == 2);  // no terminal, no --yes
  CHECK(agent.asked().empty());
  no.host.in_terminal = true;
  no.in.str("n\n");
  CHECK(no({"config", "restore", file}) == 1);
  CHECK(no.err.str().find("economy: not set -> on") != std::string::npos);
  CHECK(no.err.str().find("ddns: is switched on") != std::string::npos);
  CHECK(agent.asked().size() == 1);
  CHECK(yes({"config", "restore", file, "--yes"}) == 1);  // not all of it was done
  CHECK(yes.out.str().find("Done: economy: on\n") != std::string::npos);
  CHECK(yes.out.str().find("Not done: ddns: This box is not registered.") != std::string::npos);
}

TEST_CASE("config restore: which services it publishes, and which no longer, is said before") {
  AgentDouble agent;
  TempDir dir;
  const std::string begin = R"({"kind":"qcloud-settings","settings":{},"switches":{},"services":)";
  agent.answer("GET /v1/settings/backup", 200,
               begin + R"([{"name":"files","address":"127.0.0.1","port":443,"tls":"through"},
                           {"name":"web","address":"127.0.0.1","port":443,"tls":"through"}]})");
  auto file = dir.write("b.json", begin + R"([{"name":"ssh","address":"127.0.0.1","port":22,"tls":"here"},
                           {"name":"web","address":"127.0.0.1","port":443,"tls":"through"}]})");
  Call no(agent.socket());
  no.host.in_terminal = true;
  no.in.str("n\n");
  CHECK(no({"config", "restore", file}) == 1);
  const auto said = no.err.str();
  CHECK(said.find("  published: ssh, 127.0.0.1 port 22, TLS ends in the agent\n") != std::string::npos);
  CHECK(said.find("  no longer published: files\n") != std::string::npos);
  CHECK(said.find("web") == std::string::npos);
  for (const char* services :
       {R"("x")", R"([7])", R"([{"port":22}])", R"([{"name":"ssh"}])", R"([{"name":"","port":22}])",
        R"([{"name":"ssh","port":"22"}])", R"([{"name":"ssh","port":22},{"name":"ssh","port":23}])"}) {
    Call bad(agent.socket());
    CHECK(bad({"config", "restore", dir.write("bad.json", begin + services + "}"), "--yes"}) == 1);
    CHECK(bad.err.str().find("damaged") != std::string::npos);
  }
}

TEST_CASE("config restore: the same again changes nothing and asks nothing; what is no backup is refused") {
  AgentDouble agent;
  TempDir dir;
  agent.answer("GET /v1/settings/backup", 200, backup);
  Call same(agent.socket());
  CHECK(same({"config", "restore", dir.write("same.json", backup), "--yes"}) == 0);
  CHECK(agent.asked().size() == 1);
  for (const char* text : {"", "{}", "[]", "not JSON", "{\"kind\":\"other\"}", "\xff\xfe"}) {
    Call bad(agent.socket());
    CHECK(bad({"config", "restore", dir.write("bad.json", text), "--yes"}) == 1);
    CHECK(bad.err.str().find("no backup") != std::string::npos);
  }
  for (const char* text : {R"({"kind":"qcloud-settings","settings":{"economy":7},"switches":{}})",
                           R"({"kind":"qcloud-settings","settings":{},"switches":{"ddns":"yes"}})",
                           R"({"kind":"qcloud-settings","settings":{}})",
                           R"({"kind":"qcloud-settings","schema":99,"settings":{},"switches":{}})"}) {
    Call bad(agent.socket());
    CHECK(bad({"config", "restore", dir.write("bad.json", text), "--yes"}) == 1);
    CHECK(bad.err.str().find("fix:") != std::string::npos);
  }
  Call none(agent.socket()), folder(agent.socket()), large(agent.socket());
  CHECK(none({"config", "restore", dir.path("none.json"), "--yes"}) == 1);
  CHECK(folder({"config", "restore", dir.path("."), "--yes"}) == 1);
  CHECK(large({"config", "restore", dir.write("large.json", std::string(300000, ' ')), "--yes"}) == 1);
  CHECK(agent.asked().size() == 1);
}

TEST_CASE("L2 audience: shown, changed, and the consequence comes first") {
  AgentDouble agent;
  agent.answer("GET /v1/audience", 200, R"({"schema":1,"audience":"everyone","invited":["ben"]})");
  agent.answer("PUT /v1/audience", 200, R"({"schema":1,"audience":"invited","invited":["anna","carl"]})");
  Call show(agent.socket()), change(agent.socket()), odd(agent.socket());
  CHECK(show({"audience"}) == 0);
  CHECK(show.out.str().find("public DNS") != std::string::npos);
  CHECK(show.out.str().find("Invited: ben.") != std::string::npos);
  CHECK(change({"audience", "invited", "--invite", "anna", "--invite", "carl", "--uninvite", "ben"}) == 0);
  CHECK(agent.was_asked(R"(PUT /v1/audience {"audience":"invited","invited":["anna","carl"]})"));
  auto text = change.out.str();
  CHECK(text.find("taken out of the public DNS") < text.find("Now: invited."));
  CHECK(odd({"audience", "friends"}) == 2);
}

TEST_CASE("L2 audience: inviting alone keeps who may look, and says that it does not count yet") {
  AgentDouble agent;
  agent.answer("GET /v1/audience", 200, R"({"schema":1,"audience":"everyone","invited":[]})");
  agent.answer("PUT /v1/audience", 200, R"({"schema":1,"audience":"everyone","invited":["anna"]})");
  Call invite(agent.socket());
  CHECK(invite({"audience", "--invite", "anna"}) == 0);
  CHECK(agent.was_asked(R"(PUT /v1/audience {"audience":"everyone","invited":["anna"]})"));
  CHECK(invite.out.str().find("count once you say: qcloud audience invited") != std::string::npos);
}

TEST_CASE("A4 data correct") {
  AgentDouble agent;
  agent.answer("POST /v1/data/correct", 200, R"({"schema":1,"field":"device_name","value":"cellar"})");
  Call correct(agent.socket());
  CHECK(correct({"data", "correct", "device_name", "cellar"}) == 0);
  CHECK(agent.was_asked(R"(POST /v1/data/correct {"field":"device_name","value":"cellar"})"));
  CHECK(correct.out.str().find("cellar") != std::string::npos);
}
