// A server that is the vendor's by its certificate, and out of its mind.
#include "tests/net/world.hpp"

using namespace net_test;

TEST_CASE_FIXTURE(World, "hostile: 5 MB, a flood of headers, garbage") {
  auto big = told("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + std::string(5'000'000, 'x'));
  CHECK(code(big) == "net.bad_answer");
  CHECK(says(big, "256 KB"));
  std::string flood = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20'000; ++i) flood += "X: y\r\n";
  CHECK(code(told(flood)) == "net.bad_answer");
  CHECK(code(told("\x16\x03\x01 garbage\r\n\r\n")) == "net.bad_answer");
  CHECK(code(told("")) == "net.reset");
  CHECK(code(told("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")) == "net.reset");
}

TEST_CASE_FIXTURE(World, "hostile: redirects are not followed, and told") {
  auto result =
      told("HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(result);  // the gate refuses it
  CHECK(result->status == 302);
  CHECK(result->location == "https://elsewhere.example/");
  CHECK(trace->location == "https://elsewhere.example/");
  CHECK(trace->status == 302);
  CHECK(meter.rows.size() == 1);
}

TEST_CASE_FIXTURE(World, "hostile: interim answers first") {
  auto result = told("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + answer("{\"a\":1}"));
  REQUIRE(result);
  CHECK(result->body == "{\"a\":1}");
}

TEST_CASE_FIXTURE(World, "hostile: an answer by drops ends at the deadline, chunks without end before it") {
  Server drops({&host}, [](Talk& talk) {
    if (!talk.secure() || talk.request().empty()) return;
    for (char c : answer(std::string(1000, 'x'))) {
      if (!talk.write(std::string(1, c))) return;
      ::usleep(20'000);
    }
  });
  CHECK(code(send(to(drops.port(), Millis(500)))) == "net.timeout");
  CHECK(trace->total < seconds(2));
  Server chunks({&host}, [](Talk& talk) {
    if (!talk.secure() || talk.request().empty()) return;
    bool heard = talk.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (heard) heard = talk.write("1\r\nx\r\n");
  });
  CHECK(code(send(to(chunks.port(), seconds(30)))) == "net.bad_answer");
  CHECK(trace->total < seconds(20));
}

TEST_CASE_FIXTURE(World, "hostile: a reset in the middle") {
  Server server({&host}, [](Talk& talk) {
    if (!talk.secure() || talk.request().empty()) return;
    talk.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}");
    talk.reset();
  });
  CHECK(code(send(to(server.port()))) == "net.reset");
  CHECK(meter.rows[1].closed);
}
