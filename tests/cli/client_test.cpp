// The conversation with the agent: what goes wrong, and the event stream.
#include "tests/cli/agent_double.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace qcloud::cli;

namespace {

std::string problem(int status, const std::string& code, const std::string& more = "") {
  return R"({"type":"urn:qcloud:problem:)" + code + R"(","title":"The name is taken","status":)" +
         std::to_string(status) + R"(,"detail":"nas1 belongs to somebody else","retryable":false)" + more +
         "}";
}

}  // namespace

TEST_CASE("no agent: 3; not ours to talk to: 4; not a socket path: 2; not an agent: says so") {
  const TempDir dir;
  Call none(dir.path("none.sock"));
  CHECK(none({"status"}) == 3);
  CHECK(none.err.str() == "qcloud: The agent does not run (no answer at " + dir.path("none.sock") +
                              ").\n  fix: Start it with: systemctl start qcloud\n");
  Call endless("/" + std::string(200, 'x'));
  CHECK(endless({"status"}) == 2);

  AgentDouble agent;
  if (geteuid() != 0) {  // root may talk to every socket
    chmod(agent.socket().c_str(), 0);
    Call shut(agent.socket());
    CHECK(shut({"status"}) == 4);
  }
  chmod(agent.socket().c_str(), 0600);
  agent.raw("GET /v1/status", "SSH-2.0-OpenSSH\r\n\r\n");
  agent.raw("GET /v1/status", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  agent.raw("GET /v1/status", "");
  Call other(agent.socket()), text(agent.socket()), silent(agent.socket());
  CHECK(other({"status"}) == 1);
  CHECK(other.err.str().find("is not the agent") != std::string::npos);
  CHECK(text({"status"}) == 1);
  CHECK(text.err.str().find("is not the agent") != std::string::npos);
  CHECK(silent({"status"}) == 3);
  CHECK(silent.err.str().find("The agent stopped") != std::string::npos);
}

TEST_CASE("a problem becomes reason and fix on stderr") {
  AgentDouble agent;
  agent.answer("PUT /v1/name", 409, problem(409, "name-taken", R"(,"fix":"Take another.\u001b[2J")"));
  agent.answer("DELETE /v1/name", 403, problem(403, "not-permitted"));
  agent.answer("GET /v1/status", 200, fixture("status_well"));
  agent.raw("GET /v1/receipts", "HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\noops");
  Call taken(agent.socket()), denied(agent.socket()), broken(agent.socket());
  CHECK(taken({"ddns", "claim", "nas1"}) == 1);
  CHECK(taken.out.str().empty());
  CHECK(taken.err.str() ==
        "qcloud: The name is taken: nas1 belongs to somebody else\n  fix: Take another.\ufffd[2J\n");
  CHECK(denied({"ddns", "release"}) == 4);
  CHECK(denied.err.str().find("  fix: Run the command as root") != std::string::npos);
  CHECK(broken({"receipts", "list"}) == 1);
  CHECK(broken.err.str() == "qcloud: The agent refused (HTTP 500)\n");
}

TEST_CASE("ledger --follow shows each row once, and a connection again when it closes") {
  AgentDouble agent;
  const auto chunk = [](const std::string& data) {
    std::ostringstream out;
    out << std::hex << data.size() << "\r\n" << data << "\r\n";
    return out.str();
  };
  const std::string opened =
      R"({"id":7,"kind":"connection","feature":"ddns","proto":"tcp","remote":"5.6.7.1:443","opened":"2026-11-23T10:03:01Z","state":"open"})";
  std::string closed = opened;
  closed.replace(closed.find("open\"}"), 6, "closed\"}");
  const std::string other =
      R"({"id":8,"kind":"message","feature":"link","purpose":"x","time":"2026-11-23T10:03:02Z"})";
  const auto event = [&](const std::string& rows) {
    return "event: ledger\ndata: {\"schema\":1,\"rows\":[" + rows + "]}\n\n";
  };
  const std::string stream = event(opened) + event(other) + "event: status\ndata: {}\n\n" + event(closed);
  agent.raw("GET /v1/events",
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
                chunk(stream.substr(0, 40)) + chunk(stream.substr(40)));
  // The double answers one connection at a time; this list is read while the stream is open.
  agent.answer("GET /v1/ledger?feature=ddns&since=2026-11-23T10%3A03%3A00Z&limit=500", 200,
               "{\"schema\":1,\"rows\":[" + opened + "]}");
  Call follow(agent.socket());
  CHECK(follow({"ledger", "--follow", "--feature", "ddns"}) == 3);  // the double hangs up
  CHECK(follow.out.str() ==
        "ID     TIME                 FEATURE     KIND        WHAT\n"
        "7      2026-11-23 10:03:01  ddns        connection  tcp 5.6.7.1:443  0 bytes out, 0 bytes in, still "
        "open\n"
        "7      2026-11-23 10:03:01  ddns        connection  tcp 5.6.7.1:443  0 bytes out, 0 bytes in\n");
  CHECK(follow.err.str().find("The agent stopped") != std::string::npos);

  Call stopped(agent.socket());
  [[maybe_unused]] const auto written = write(stopped.interrupt[1], "!", 1);
  CHECK(stopped({"ledger", "--follow"}) == 0);  // Ctrl-C is how it ends
}
