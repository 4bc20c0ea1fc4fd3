#include "tests/cli/agent_double.hpp"

#include <doctest/doctest.h>
#include <unistd.h>
#include <boost/json/parse.hpp>

using namespace qcloud::cli;

namespace {

const char* const fresh =
    R"({"schema":1,"state":"unregistered","user_code":null,"account":null,"device_id":null,"error":null})";

/// An agent that hands out a code and is asked twice before the owner has decided.
void will_wait(AgentDouble& agent, const std::string& end) {
  agent.answer("GET /v1/registration", 200, fresh);
  agent.answer("GET /v1/registration", 200, fixture("waiting"));
  agent.answer("GET /v1/registration", 200, end);
  agent.answer("POST /v1/registration", 202, fixture("waiting"));
}

}  // namespace

TEST_CASE("register shows URL and code, waits, and says whose the NAS is") {
  AgentDouble agent;
  will_wait(agent, fixture("registered"));
  Call call(agent.socket());
  CHECK(call({"register"}) == 0);
  CHECK(call.out.str() ==
        "Asking the cloud for a code ...\n"
        "Open this page on your phone or computer and sign in to your account:\n"
        "\n"
        "    https://cloud.vendor.test/device\n"
        "\n"
        "Type this code there, and allow this NAS:\n"
        "\n"
        "    BCDF-GHJK\n"
        "\n"
        "Your password is typed there, never here. Ctrl-C stops; then nothing is registered.\n"
        "Waiting for you.\n"
        "This NAS now belongs to the account owner@example.test.\n"
        "To undo it: qcloud unregister, or remove the NAS on the account's page.\n");
  CHECK(call.pauses == 2);
}

TEST_CASE("on a terminal: QR code and a countdown") {
  AgentDouble agent;
  will_wait(agent, fixture("registered"));
  Call call(agent.socket());
  call.host.out_terminal = true;
  CHECK(call({"register"}) == 0);
  CHECK(call.out.str().find("\u2588\u2588\u2588\u2588") != std::string::npos);
  CHECK(call.out.str().find("\r\x1b[KWaiting for you; the code is good for 10:00 ") != std::string::npos);
}

TEST_CASE("for a script: the code first, the end last") {
  AgentDouble agent;
  will_wait(agent, fixture("registered"));
  Call call(agent.socket());
  CHECK(call({"register", "--json"}) == 0);
  std::istringstream lines(call.out.str());
  std::string first, last, none;
  std::getline(lines, first);
  std::getline(lines, last);
  CHECK_FALSE(std::getline(lines, none));
  CHECK(boost::json::parse(first) == boost::json::parse(fixture("waiting")));
  CHECK(boost::json::parse(last) == boost::json::parse(fixture("registered")));
}

TEST_CASE("--quiet still shows the code") {
  AgentDouble agent;
  will_wait(agent, fixture("registered"));
  Call call(agent.socket());
  CHECK(call({"register", "-q"}) == 0);
  CHECK(call.out.str().find("BCDF-GHJK") != std::string::npos);
  CHECK(call.out.str().find("belongs") == std::string::npos);
}

TEST_CASE("R1: a NAS that belongs to an account is not bound anew") {
  AgentDouble agent;
  agent.answer("GET /v1/registration", 200, fixture("registered"));
  Call call(agent.socket());
  CHECK(call({"register"}) == 0);
  CHECK(call.out.str().starts_with("This NAS is already registered, to owner@example.test.\n"));
  CHECK_FALSE(agent.was_asked("POST /v1/registration"));
}

TEST_CASE("denied on the account's page") {
  AgentDouble agent;
  will_wait(agent, fixture("failed"));
  Call call(agent.socket());
  CHECK(call({"register"}) == 1);
  CHECK(call.err.str() ==
        "qcloud: Not allowed: you pressed Deny on the account's page\n  fix: Try again with: qcloud "
        "register\n");
}

TEST_CASE("Ctrl-C cancels") {
  AgentDouble agent;
  will_wait(agent, fixture("waiting"));
  agent.answer("POST /v1/registration/cancel", 200, fresh);
  Call call(agent.socket());
  call.interrupt_after = 1;
  CHECK(call({"register"}) == 1);
  CHECK(agent.asked().back() == "POST /v1/registration/cancel {}");
  CHECK(call.err.str() == "qcloud: Stopped. This NAS is not registered.\n");
}

TEST_CASE("Ctrl-C while the cloud is asked for the code cancels too") {
  AgentDouble agent;
  agent.answer("GET /v1/registration", 200, fresh);
  agent.answer("POST /v1/registration/cancel", 200, fresh);
  Call call(agent.socket());
  [[maybe_unused]] const auto written = write(call.interrupt[1], "!", 1);
  CHECK(call({"register"}) == 1);
  CHECK(agent.asked().back() == "POST /v1/registration/cancel {}");
}

TEST_CASE("Ctrl-C in the moment of success: the truth wins") {
  AgentDouble agent;
  will_wait(agent, fixture("waiting"));
  agent.answer("POST /v1/registration/cancel", 200, fixture("registered"));
  Call call(agent.socket());
  call.interrupt_after = 0;
  CHECK(call({"register"}) == 0);
  CHECK(call.out.str().find("now belongs to the account owner@example.test") != std::string::npos);
}

TEST_CASE("unregister says first what will be deleted, and asks") {
  AgentDouble agent;
  agent.answer("GET /v1/registration", 200, fixture("registered"));
  agent.answer("GET /v1/manifest", 200, fixture("manifest"));
  agent.answer("DELETE /v1/registration?wait=5", 200,
               R"({"schema":1,"order":{"id":"8e0f","status":"order filed"}})");
  Call alone(agent.socket()), no(agent.socket()), yes(agent.socket());
  CHECK(alone({"unregister"}) == 2);
  CHECK(agent.asked().empty());
  no.host.in_terminal = true;
  no.in.str("\n");
  CHECK(no({"unregister"}) == 1);
  CHECK(no.err.str() ==
        "This NAS leaves the account owner@example.test. All remote access stops, and the\n"
        "cloud will erase what it holds of this NAS:\n"
        "  ddns        the last addresses and the time of the last update\n"
        "Unregister this NAS? [y/N] Nothing was changed.\n");
  CHECK_FALSE(agent.was_asked("DELETE /v1/registration?wait=5"));
  CHECK(yes({"unregister", "--yes"}) == 0);
  CHECK(agent.was_asked("DELETE /v1/registration?wait=5"));
  CHECK(yes.out.str().find("This NAS is unregistered.\nIts data in the cloud: order filed (order 8e0f).") !=
        std::string::npos);
}

TEST_CASE("unregister of a NAS that is not registered") {
  AgentDouble agent;
  agent.answer("GET /v1/registration", 200, fresh);
  Call call(agent.socket());
  CHECK(call({"unregister", "--yes"}) == 0);
  CHECK(call.out.str() == "This NAS is not registered.\n");
}
