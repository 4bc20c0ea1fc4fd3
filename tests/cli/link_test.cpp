// link: what is published, who came, and the connections to the relay.
#include "tests/cli/agent_double.hpp"

#include <doctest/doctest.h>

using namespace qcloud::cli;

namespace {

const char* const published =
    R"({"schema":1,"certificate_sha256":"","services":[
  {"name":"ssh","host":"ssh.nas1.mynas.test","address":"127.0.0.1","port":22,"tls":"here","proxy_protocol":false,"admin_page":false},
  {"name":"web","host":"nas1.mynas.test","address":"127.0.0.1","port":443,"tls":"through","proxy_protocol":true,"admin_page":true}]})";
const char* const everyone = R"({"schema":1,"audience":"everyone","invited":[]})";

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("link services: a list with where each is reached") {
  AgentDouble agent;
  agent.answer("GET /v1/link/services", 200, published);
  Call list(agent.socket());
  CHECK(list({"link", "services", "list"}) == 0);
  CHECK(has(list.out.str(), "ssh  ssh.nas1.mynas.test"));
  CHECK(has(list.out.str(), "web  https://nas1.mynas.test"));
  CHECK(has(list.out.str(), "TLS ends in the agent"));
  CHECK(has(list.out.str(), "told the visitor's address, an administration page"));
}

TEST_CASE("link services add: usual ports, and what an owner should know") {
  AgentDouble agent;
  agent.answer("GET /v1/audience", 200, everyone);
  for (const auto* name : {"web", "ssh", "photos"})
    agent.answer(std::string("PUT /v1/link/services/") + name, 200, published);
  Call web(agent.socket()), ssh(agent.socket()), photos(agent.socket()), which(agent.socket());
  CHECK(web({"link", "services", "add", "web"}) == 0);
  CHECK(agent.was_asked(R"(PUT /v1/link/services/web {"port":443,"proxy_protocol":false})"));
  CHECK_FALSE(has(web.out.str(), "publish it with --admin-page"));  // it is one already
  CHECK(ssh({"link", "services", "add", "ssh"}) == 0);
  CHECK(agent.was_asked(R"(PUT /v1/link/services/ssh {"port":22,"proxy_protocol":false,"tls":"here"})"));
  CHECK(has(ssh.out.str(), "publish it with --admin-page"));
  CHECK(has(ssh.out.str(), "ProxyCommand='openssl s_client"));
  CHECK(photos({"link", "services", "add", "photos", "8443", "--tls", "here", "--address", "::1",
                "--proxy-protocol"}) == 0);
  CHECK(agent.was_asked(
      R"(PUT /v1/link/services/photos {"port":8443,"proxy_protocol":true,"address":"::1","tls":"here"})"));
  CHECK(which({"link", "services", "add", "photos"}) == 2);
  CHECK(has(which.err.str(), "port"));
  for (const auto* port : {"0", "65536", "-1", "http", "0700", "0x1bb", "+443", " 443", "443 ", ""}) {
    Call odd(agent.socket());
    CHECK(odd({"link", "services", "add", "web", port}) == 2);
    CHECK_FALSE(odd.err.str().empty());
  }
  for (const auto* verb : {"add", "remove"}) {
    Call nameless(agent.socket());
    CHECK(nameless({"link", "services", verb, ""}) == 2);
    CHECK(has(nameless.err.str(), "empty"));
  }
}

TEST_CASE("link services add: an administration page is asked about first") {
  AgentDouble agent;
  agent.answer("GET /v1/audience", 200, everyone);
  agent.answer("PUT /v1/link/services/web", 200, published);
  Call nobody(agent.socket()), yes(agent.socket());
  CHECK(nobody({"link", "services", "add", "web", "--admin-page"}) == 2);  // nobody is there to ask
  CHECK_FALSE(
      agent.was_asked(R"(PUT /v1/link/services/web {"port":443,"proxy_protocol":false,"admin_page":true})"));
  CHECK(yes({"link", "services", "add", "web", "--admin-page", "--yes"}) == 0);
  CHECK(
      agent.was_asked(R"(PUT /v1/link/services/web {"port":443,"proxy_protocol":false,"admin_page":true})"));
}

TEST_CASE("link services add: on a terminal it is asked whether it is one") {
  AgentDouble agent;
  agent.answer("GET /v1/audience", 200, everyone);
  agent.answer("PUT /v1/link/services/web", 200, published);
  agent.answer("PUT /v1/link/services/photos", 200, published);
  const auto add = [&](const char* name, const char* port, const char* answers) {
    Call call(agent.socket());
    call.in.str(answers);
    call.host.in_terminal = true;
    const int exit = call({"link", "services", "add", name, port});
    return std::pair(exit, call.err.str());
  };
  auto [no, asked] = add("web", "443", "n\n");
  CHECK(no == 0);
  CHECK(has(asked, "change the NAS?"));
  CHECK(
      agent.was_asked(R"(PUT /v1/link/services/web {"port":443,"proxy_protocol":false,"admin_page":false})"));
  CHECK(add("web", "80", "").first == 1);  // the input ends
  CHECK_FALSE(
      agent.was_asked(R"(PUT /v1/link/services/web {"port":80,"proxy_protocol":false,"admin_page":false})"));
  auto [but_no, warned] = add("web", "443", "y\nn\n");
  CHECK(but_no == 1);
  CHECK(has(warned, "attackers look for first"));
  CHECK_FALSE(
      agent.was_asked(R"(PUT /v1/link/services/web {"port":443,"proxy_protocol":false,"admin_page":true})"));
  CHECK(add("web", "8080", "y\ny\n").first == 0);
  CHECK(
      agent.was_asked(R"(PUT /v1/link/services/web {"port":8080,"proxy_protocol":false,"admin_page":true})"));
  CHECK_FALSE(has(add("photos", "8443", "").second, "change the NAS?"));
}

TEST_CASE("L2 link services add: refused unless everyone may look the NAS up, and why") {
  for (const auto* audience : {"owner", "invited"}) {
    AgentDouble agent;
    agent.answer("GET /v1/audience", 200,
                 R"({"schema":1,"audience":")" + std::string(audience) + R"(","invited":[]})");
    agent.answer("PUT /v1/link/services/web", 200, published);
    Call add(agent.socket());
    CHECK(add({"link", "services", "add", "web"}) == 1);
    CHECK(has(add.err.str(), "prove no account"));
    CHECK(has(add.err.str(), "qcloud audience everyone"));
    CHECK_FALSE(agent.was_asked(R"(PUT /v1/link/services/web {"port":443,"proxy_protocol":false})"));
  }
}

TEST_CASE("link status and visitors") {
  AgentDouble agent;
  agent.answer(
      "GET /v1/link", 200,
      R"({"schema":1,"attached":[{"relay":"relay-a","address":"5.6.8.2","since":"2026-11-23T10:00:00Z","round_trip_ms":12,"visits":3}],"seen":"5.6.7.20","visits":7,"bytes_in":10,"bytes_out":2000})");
  agent.answer(
      "GET /v1/link/visitors", 200,
      R"({"schema":1,"visitors":[{"time":"2026-11-23T10:00:00Z","service":"web","visitor":"5.6.7.99","milliseconds":5,"bytes_in":1,"bytes_out":2,"outcome":"served"},{"time":"2026-11-23T10:00:00Z","service":"","visitor":"5.6.7.98","milliseconds":5,"bytes_in":1,"bytes_out":0,"outcome":"not published"}]})");
  Call status(agent.socket()), visitors(agent.socket());
  CHECK(status({"link", "status"}) == 0);
  CHECK(has(status.out.str(), "relay-a (5.6.8.2)"));
  CHECK(has(status.out.str(), "12 ms"));
  CHECK(has(status.out.str(), "3 visits now"));
  CHECK(has(status.out.str(), "7 visits so far, 10 bytes in, 2000 bytes out"));
  CHECK(visitors({"link", "visitors"}) == 0);
  CHECK(has(visitors.out.str(), "5.6.7.99  web  served"));
  CHECK(has(visitors.out.str(), "5.6.7.98  -  not published, 0 bytes"));
}

TEST_CASE("link status: why there is no connection, and what to do") {
  auto said = [](const char* status) {
    AgentDouble agent;
    agent.answer("GET /v1/link", 200,
                 R"({"schema":1,"attached":[],"seen":null,"visits":1,"bytes_in":1,"bytes_out":2})");
    agent.answer("GET /v1/status", 200, status);
    Call call(agent.socket());
    CHECK(call({"link", "status"}) == 0);
    CHECK(has(call.out.str(), "Not connected to a relay."));
    CHECK(has(call.out.str(), "1 visit so far"));
    return call.out.str();
  };
  CHECK(has(said(R"({"schema":1,"registered":false,"features":[]})"), "qcloud register"));
  CHECK(has(said(R"({"schema":1,"registered":true,"features":[{"name":"link","on":false,"health":[]}]})"),
            "qcloud enable link"));
  CHECK(has(said(R"({"schema":1,"registered":true,"features":[{"name":"link","on":true,"health":[
    {"code":"link_no_relay","text":"No relay answers.","fix":"Look at the router."}]}]})"),
            "No relay answers. Look at the router."));
}
