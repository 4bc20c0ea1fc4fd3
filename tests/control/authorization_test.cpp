// Every method of the local API against every kind of caller, through the listener itself: who is not an
// administrator gets the status, and nothing else.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "agent/control/server.hpp"
#include "tests/app/agent_world.hpp"
#include "tests/unit/temp_dir.hpp"

using namespace qcloud;

namespace {

struct Role final : SessionAuth {
  bool admin(uid_t, gid_t) override { return admins; }
  bool admins = false;
};

struct Door : unit::AgentWorld {
  unit::TempDir dir;
  std::string path = dir / "control.sock";
  Role role;

  // The first line of the answer.
  std::string ask(ControlServer&, const std::string& method, const std::string& target) {
    int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    auto text = method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    REQUIRE(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == ssize_t(text.size()));
    unit::settle(io);
    char answer[256] = "";
    auto got = ::recv(fd, answer, sizeof answer - 1, MSG_DONTWAIT);
    ::close(fd);
    unit::settle(io);
    std::string all(answer, got > 0 ? std::size_t(got) : 0);
    return all.substr(0, all.find('\r'));
  }
};

std::string concrete(std::string path) {
  if (auto brace = path.find('{'); brace != std::string::npos) path.replace(brace, path.size(), "none");
  return path;
}

}  // namespace

TEST_CASE_FIXTURE(Door, "R1 control: every method against every caller") {
  std::vector<std::pair<std::string, std::string>> table;
  std::vector<std::pair<std::string, std::string>> open;
  for (const auto& route : routes) {
    table.emplace_back(route.method, concrete(route.path));
    if (route.access == Access::everyone) open.push_back(table.back());
  }
  table.emplace_back("GET", "/v1/events");  // the listener's own
  ControlServer server(io.get_executor(), clock, role, std::move(routes));
  REQUIRE(server.listen(path));
  Nursery shell(io.get_executor());
  shell.spawn(server.run());
  unit::settle(io);
  CHECK(table.size() > 20);
  for (const auto& [method, target] : table) {
    CAPTURE(method + " " + target);
    bool is_open = std::find(open.begin(), open.end(), std::pair(method, target)) != open.end();
    role.admins = false;
    auto answer = ask(server, method, target);
    CHECK(answer.starts_with("HTTP/1.1 403") == !is_open);
  }
  CHECK(open.size() == 1);
  // What no table lists is refused to everyone, administrators too.
  for (bool admins : {false, true}) {
    role.admins = admins;
    CHECK(ask(server, "GET", "/v1/secrets").starts_with("HTTP/1.1 40"));
    CHECK(ask(server, "DELETE", "/v1/ledger").starts_with("HTTP/1.1 40"));
  }
  role.admins = true;
  CHECK(ask(server, "GET", "/v1/status").starts_with("HTTP/1.1 200"));
  CHECK(ask(server, "GET", "/v1/ledger").starts_with("HTTP/1.1 200"));
  Task<void> (*end)(Nursery*, ControlServer*) = [](Nursery* shell, ControlServer* server) -> Task<void> {
    co_await shell->stop();
    co_await server->stop();
  };
  auto stopping = unit::start(io, end(&shell, &server));
  for (int i = 0; i < 100 && !stopping.ended(); ++i) clock.advance(seconds(1));
  CHECK(stopping.ended());
}
