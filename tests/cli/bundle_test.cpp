// doctor and bundle: words, files, exit status.
#include "tests/cli/agent_double.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>

using namespace qcloud::cli;

namespace {

const char* const checks = R"({"schema":1,"made":"2026-11-23T10:03:00Z","checks":[
  {"code":"dns_ok","area":"dns","severity":"ok","text":"The cloud's name was looked up.","cause":"","evidence":{"ms":"4"},"fix":""},
  {"code":"captive_portal","area":"sign-in page","severity":"error","text":"This network asks for a sign-in.",
   "cause":"A guest network.","evidence":{"status":"302","page":": http://portal.test"},"fix":"Sign in with a browser."}]})";
const char* const warned =
    R"({"schema":1,"checks":[{"code":"slow_path","area":"path","severity":"warning","text":"Long.","cause":"","evidence":{},"fix":""}]})";
const char* const bundle =
    R"({"schema":1,"bundle":{"kind":"qcloud-bundle","status":{"registered":true},"log":["one","two"],"attachments":[{"name":"a.log","text":"x\ny\n"}]}})";

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("doctor: what is no good has a cause, evidence and a fix; an error is exit status 1") {
  AgentDouble agent;
  agent.answer("POST /v1/doctor", 200, checks);
  agent.answer("POST /v1/doctor", 200, warned);
  agent.answer("POST /v1/doctor", 200, checks);
  Call found(agent.socket()), slow(agent.socket()), json(agent.socket());
  CHECK(found({"doctor"}) == 1);
  auto text = found.out.str();
  CHECK(text.find("  dns           ok       The cloud's name was looked up.\n") != std::string::npos);
  CHECK(text.find("  sign-in page  error    This network asks for a sign-in. [captive_portal]\n") !=
        std::string::npos);
  CHECK(text.find("why:  A guest network.\n") != std::string::npos);
  CHECK(text.find("seen: status 302, page : http://portal.test\n") != std::string::npos);
  CHECK(text.find("fix:  Sign in with a browser.\n") != std::string::npos);
  CHECK(text.find("1 error, 0 warnings.\n") != std::string::npos);
  CHECK(slow({"doctor"}) == 0);
  CHECK(json({"doctor", "--json"}) == 1);
  CHECK(boost::json::parse(json.out.str()) == boost::json::parse(checks));
}

TEST_CASE("bundle: a file of the owner's alone, never over another") {
  AgentDouble agent;
  agent.answer("POST /v1/bundle", 200, bundle);
  TempDir dir;
  auto path = dir.path("help.json");
  auto log = dir.write("messages", "anna was here\n");
  Call made(agent.socket()), again(agent.socket()), forced(agent.socket()), json(agent.socket());
  CHECK(made({"bundle", path, "--include", log}) == 0);
  CHECK(agent.was_asked(R"(POST /v1/bundle {"attachments":[{"name":"messages","text":"anna was here\n"}]})"));
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(boost::json::parse(content(path)) == boost::json::parse(bundle).at("bundle"));
  auto text = made.out.str();
  CHECK(text.find("  log               2 lines, ") != std::string::npos);
  CHECK(text.find("  attachment a.log  2 lines, 4 bytes\n") != std::string::npos);
  CHECK(text.find("Nothing has left this NAS") != std::string::npos);

  { std::ofstream(path) << "mine"; }
  CHECK(again({"bundle", path}) == 1);
  CHECK(again.err.str().find(
            "is there already; it was not touched.\n  fix: Choose another name, or add --force") !=
        std::string::npos);
  CHECK(content(path) == "mine");
  CHECK(forced({"bundle", "--force", path}) == 0);
  CHECK(content(path) != "mine");
  CHECK(json({"bundle", dir.path("b"), "--json"}) == 0);
  CHECK(boost::json::parse(json.out.str()).at("parts").as_array().size() == 3);
}

TEST_CASE("bundle: nothing is left behind by one that failed") {
  AgentDouble agent;
  agent.answer("POST /v1/bundle", 403, R"({"type":"urn:qcloud:problem:not-permitted","detail":"No."})");
  agent.answer("POST /v1/bundle", 200, bundle);
  TempDir dir;
  auto path = dir.path("help.json");
  Call refused(agent.socket()), missing(agent.socket()), binary(agent.socket()), folder(agent.socket()),
      large(agent.socket()), nowhere(agent.socket()), link(agent.socket());
  CHECK(refused({"bundle", path}) == 4);
  CHECK(::access(path.c_str(), F_OK) != 0);
  auto asked = agent.asked().size();
  CHECK(missing({"bundle", path, "--include", dir.path("gone")}) == 1);
  CHECK(missing.err.str().find("No such file") != std::string::npos);
  CHECK(folder({"bundle", path, "--include", dir.path("")}) == 1);
  CHECK(binary({"bundle", path, "--include", dir.write("bin", std::string("a\0b", 3))}) == 1);
  CHECK(binary.err.str().find("is no text") != std::string::npos);
  CHECK(large({"bundle", path, "--include", dir.write("big", std::string(800'000, 'x'))}) == 1);
  CHECK(large.err.str().find("is larger than") != std::string::npos);
  CHECK(agent.asked().size() == asked);
  CHECK(nowhere({"bundle", dir.path("no/such/folder")}) == 1);
  REQUIRE(::symlink(dir.path("target").c_str(), dir.path("link").c_str()) == 0);
  CHECK(link({"bundle", dir.path("link")}) == 1);
  CHECK(::access(dir.path("target").c_str(), F_OK) != 0);
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("bundle: bytes that are no UTF-8 do not break it") {
  AgentDouble agent;
  agent.answer("POST /v1/bundle", 200, bundle);
  TempDir dir;
  Call made(agent.socket());
  CHECK(made({"bundle", dir.path("b"), "--include", dir.write("latin", "J\xf6rg \xc3\xa4 \xed\xa0\x80")}) ==
        0);
  CHECK(agent.was_asked(
      "POST /v1/bundle {\"attachments\":[{\"name\":\"latin\",\"text\":\"J?rg \xc3\xa4 ???\"}]}"));
}
