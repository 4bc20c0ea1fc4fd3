// Connections to services on this box: how they end.
#include "agent/net/local_dial.hpp"

#include <sys/resource.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "tests/net/world.hpp"

using namespace net_test;
using boost::asio::ip::tcp;

namespace {

struct Service {
  World world;
  LoopbackDial dial{world.io.get_executor(), world.clock};
  tcp::acceptor door{world.io, {boost::asio::ip::address_v4::loopback(), 0}};
  tcp::socket socket{world.io};
  std::unique_ptr<LocalStream> stream;

  Service() {
    auto dialed = unit::finish(world.io, dial.dial("127.0.0.1", door.local_endpoint().port()));
    REQUIRE(dialed);
    stream = *std::move(dialed);
    door.accept(socket);
    REQUIRE(*stream->write(std::span<const char>("hello", 5)) == 5);
  }
  // What it reads until the end, and how that is.
  std::pair<std::string, boost::system::error_code> rest() {
    std::string all;
    char buffer[64];
    boost::system::error_code end;
    while (!end) all.append(buffer, socket.read_some(boost::asio::buffer(buffer), end));
    return {all, end};
  }
};

}  // namespace

TEST_CASE("local: a stream that is let go in the middle is cut off, whatever the service has read by then") {
  for (bool read_before : {false, true}) {
    Service service;
    char buffer[5];
    if (read_before) service.socket.read_some(boost::asio::buffer(buffer));
    service.stream.reset();
    auto [words, end] = service.rest();
    CHECK(end == boost::asio::error::connection_reset);
  }
}

TEST_CASE("local: there are so many streams that something is left for everything else") {
  World world;
  LoopbackDial dial(world.io.get_executor(), world.clock);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  for (auto [limit, most] : {std::pair{512u, 384u}, {256u, 128u}, {100u, 50u}}) {
    rlimit now{limit, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
    CHECK(dial.most() == most);
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("local: one way alone that ended in order is not enough") {
  Service service;
  service.stream->finish();
  CHECK(service.rest() ==
        std::pair(std::string("hello"), boost::system::error_code(boost::asio::error::eof)));
  service.stream.reset();
  boost::system::error_code end;
  boost::asio::write(service.socket, boost::asio::buffer("an answer", 9), end);
  CHECK(end.failed());
}

TEST_CASE("local: both ways that ended in order end it so") {
  Service service;
  service.stream->finish();
  service.socket.shutdown(tcp::socket::shutdown_send);
  char buffer[64];
  std::optional<std::size_t> got;
  while (!got) {
    auto read = service.stream->read(std::span<char>(buffer));
    REQUIRE(read);
    got = *read;
    service.world.io.poll();
  }
  CHECK(*got == 0);
  service.stream.reset();
  CHECK(service.rest() ==
        std::pair(std::string("hello"), boost::system::error_code(boost::asio::error::eof)));
}
