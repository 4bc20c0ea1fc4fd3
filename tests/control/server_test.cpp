// The listener itself, over real Unix sockets: who is asked for, how much, and for how long.
#include "agent/control/server.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <list>

#include "tests/unit/loop.hpp"
#include "tests/unit/temp_dir.hpp"
#include "tests/unit/virtual_clock.hpp"

using namespace qcloud;

namespace {

struct Remembered final : SessionAuth {
  bool admin(uid_t uid, gid_t gid) override {
    users.emplace_back(uid, gid);
    return admins;
  }
  std::vector<std::pair<uid_t, gid_t>> users;
  bool admins = true;
};

struct Socket {
  explicit Socket(const std::string& path) : fd(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  ~Socket() { ::close(fd); }
  Socket(const Socket&) = delete;
  void say(const std::string& text) { CHECK(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0); }
  std::string heard() {
    std::string all(65536, '\0');
    auto got = ::recv(fd, all.data(), all.size(), MSG_DONTWAIT);
    return all.substr(0, got > 0 ? std::size_t(got) : 0);
  }
  bool closed() {
    char byte;
    return ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
  }
  int fd;
};

struct World {
  boost::asio::io_context io;
  unit::VirtualClock clock{io};
  unit::TempDir dir;
  Remembered auth;
  std::string path = dir / "control.sock";
  std::vector<Route> routes{{"GET",
                             "/v1/status",
                             Access::everyone,
                             [](ApiRequest) -> Task<Result<ApiAnswer>> {
                               co_return ApiAnswer{200, {{"fine", true}}};
                             },
                             {}},
                            {"PUT",
                             "/v1/thing",
                             Access::admin,
                             [](ApiRequest request) -> Task<Result<ApiAnswer>> {
                               co_return ApiAnswer{200, request.body};
                             },
                             {"a"}},
                            {"POST",
                             "/v1/broken",
                             Access::admin,
                             [](ApiRequest) -> Task<Result<ApiAnswer>> {
                               throw std::runtime_error("a bug");
                               co_return ApiAnswer{};
                             },
                             {}}};
  ControlServer server{io.get_executor(), clock, auth, routes};
  Nursery shell{io.get_executor()};

  World() {
    REQUIRE(server.listen(path));
    shell.spawn(server.run());
    unit::settle(io);
  }
  ~World() {
    auto stopping = unit::start(io, stop());
    for (int i = 0; i < 100 && !stopping.ended(); ++i) clock.advance(seconds(1));
  }
  Task<void> stop() {
    co_await shell.stop();
    co_await server.stop();
  }
  std::string ask(const std::string& text) {
    Socket socket(path);
    socket.say(text);
    unit::settle(io);
    return socket.heard();
  }
  static std::string put(const std::string& body) {
    return "PUT /v1/thing HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
};

const std::string status = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";

}  // namespace

TEST_CASE_FIXTURE(World, "control server: who asks is the kernel's word on the other end of the socket") {
  CHECK(ask(status).starts_with("HTTP/1.1 200"));
  REQUIRE(auth.users.size() == 1);
  CHECK(auth.users[0] == std::pair(::geteuid(), ::getegid()));
  if (::geteuid() != 0) return;  // only root can be somebody else for a moment
  REQUIRE(::chmod((dir / ".").c_str(), 0755) == 0);
  auth.admins = false;
  REQUIRE(::setegid(65534) == 0);
  REQUIRE(::seteuid(65534) == 0);
  auto other = std::make_unique<Socket>(path);
  REQUIRE(::seteuid(0) == 0);
  REQUIRE(::setegid(0) == 0);
  // Sent as root again: what counts is who connected.
  other->say(put("{\"a\":1}"));
  unit::settle(io);
  CHECK(other->heard().starts_with("HTTP/1.1 403"));
  CHECK(auth.users.back() == std::pair(uid_t(65534), gid_t(65534)));
}

TEST_CASE_FIXTURE(World,
                  "control server: malformed, oversized and deep requests are answered with what is wrong") {
  CHECK(ask("\x16\x03\x01 what\r\n\r\n").starts_with("HTTP/1.1 400"));
  CHECK(ask("GET /v1/status\r\n\r\n").starts_with("HTTP/1.1 400"));
  CHECK(ask("GET /nowhere HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
  CHECK(ask("DELETE /v1/status HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
  CHECK(ask(put("{\"a\":1}")).starts_with("HTTP/1.1 200"));
  CHECK(ask(put("{\"b\":1}")).starts_with("HTTP/1.1 400"));
  CHECK(ask(put("{\"a\":1,\"a\":2}")).starts_with("HTTP/1.1 400"));
  CHECK(ask(put("{\"a\":[[[[[[[[[[1]]]]]]]]]]}")).starts_with("HTTP/1.1 400"));
  CHECK(ask("PUT /v1/thing HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n").starts_with("HTTP/1.1 413"));
  CHECK(ask("GET /v1/status HTTP/1.1\r\nX: " + std::string(40000, 'x')).starts_with("HTTP/1.1 4"));
  auth.admins = false;
  CHECK(ask("PUT /v1/thing HTTP/1.1\r\nContent-Length: 5000\r\n\r\n").starts_with("HTTP/1.1 413"));
  // Still there.
  CHECK(ask(status).starts_with("HTTP/1.1 200"));
}

TEST_CASE_FIXTURE(World,
                  "control server: a handler's own fault is answered, and the next request is served") {
  auto broken = ask("POST /v1/broken HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  CHECK(broken.starts_with("HTTP/1.1 500"));
  CHECK(broken.find("urn:qcloud:problem:internal") != std::string::npos);
  CHECK(ask(status).starts_with("HTTP/1.1 200"));
}

TEST_CASE_FIXTURE(World, "control server: who does not say its request in ten seconds is told, and let go") {
  Socket slow(path);
  slow.say("GET /v1/sta");
  unit::settle(io);
  clock.advance(seconds(9));
  CHECK_FALSE(slow.closed());
  clock.advance(seconds(2));
  CHECK(slow.heard().starts_with("HTTP/1.1 408"));
  CHECK(slow.closed());
}

TEST_CASE_FIXTURE(World, "control server: one user's idle connections leave room for others") {
  auth.admins = false;
  std::list<Socket> idle;
  for (int i = 0; i < 4; ++i) idle.emplace_back(path);
  unit::settle(io);
  CHECK(ask(status).starts_with("HTTP/1.1 429"));
  auth.admins = true;  // the owner is another user in truth; here one that is let in
  CHECK(ask(status).starts_with("HTTP/1.1 200"));
  auth.admins = false;
  idle.pop_back();
  unit::settle(io);
  CHECK(ask(status).starts_with("HTTP/1.1 200"));
  idle.clear();
  unit::settle(io);
  auth.admins = true;
  for (int i = 0; i < 16; ++i) idle.emplace_back(path);
  unit::settle(io);
  CHECK(ask(status).starts_with("HTTP/1.1 429"));
}

TEST_CASE_FIXTURE(World,
                  "control server: a stale socket is replaced; what is no socket's place is an error") {
  unit::TempDir other;
  auto stale = other / "control.sock";
  unit::write_all(stale, "left behind");
  ControlServer second(io.get_executor(), clock, auth, {});
  CHECK(second.listen(stale));
  ControlServer third(io.get_executor(), clock, auth, {});
  auto none = third.listen(other / "no/folder/control.sock");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == "control.socket");
  ControlServer fourth(io.get_executor(), clock, auth, {});
  CHECK_FALSE(fourth.listen(other / std::string(200, 'x')));
}
